//! How many characters the AppView's columns hold.
//!
//! Text that is longer must be found before COPY, because the server refuses the whole COPY for
//! it. It knows the lengths of the contract's tables and takes those of the live catalog instead
//! where they differ; it does not know what is done about a text that does not fit.

/// Declares [`Column`], one variant per column of limited length, from `table.column: characters`.
macro_rules! columns {
    ($($variant:ident = $table:literal . $column:literal : $width:literal,)*) => {
        /// A column of the AppView's that forebay writes and whose length is limited
        /// (`varchar(n)` in the contract's columns.tsv).
        #[allow(missing_docs)] // the names are the documentation: table, then column
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Column { $($variant,)* }

        impl Column {
            /// All of them.
            pub const ALL: [Column; [$($width,)*].len()] = [$(Column::$variant,)*];

            const CONTRACT: [usize; Column::ALL.len()] = [$($width,)*];

            /// Table and column, as a dead letter names them: `likes.post_uri`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Column::$variant => concat!($table, ".", $column),)* }
            }
        }
    };
}

columns! {
    BlocksUri = "blocks"."uri": 512,
    BlocksBlockerDid = "blocks"."blocker_did": 255,
    BlocksBlockedDid = "blocks"."blocked_did": 255,
    BlocksCommitSeq = "blocks"."commit_seq": 32,
    BlocksCommitRev = "blocks"."commit_rev": 64,
    BookmarksUri = "bookmarks"."uri": 512,
    BookmarksUserDid = "bookmarks"."user_did": 255,
    BookmarksPostUri = "bookmarks"."post_uri": 512,
    FeedGeneratorsUri = "feed_generators"."uri": 512,
    FeedGeneratorsCid = "feed_generators"."cid": 255,
    FeedGeneratorsCreatorDid = "feed_generators"."creator_did": 255,
    FeedGeneratorsDid = "feed_generators"."did": 255,
    FeedGeneratorsDisplayName = "feed_generators"."display_name": 255,
    FeedItemsUri = "feed_items"."uri": 512,
    FeedItemsPostUri = "feed_items"."post_uri": 512,
    FeedItemsOriginatorDid = "feed_items"."originator_did": 255,
    FeedItemsCid = "feed_items"."cid": 255,
    FollowsUri = "follows"."uri": 512,
    FollowsFollowerDid = "follows"."follower_did": 255,
    FollowsFollowingDid = "follows"."following_did": 255,
    FollowsCommitSeq = "follows"."commit_seq": 32,
    FollowsCommitRev = "follows"."commit_rev": 64,
    GenericRecordsUri = "generic_records"."uri": 512,
    GenericRecordsCid = "generic_records"."cid": 255,
    GenericRecordsAuthorDid = "generic_records"."author_did": 255,
    GenericRecordsRecordType = "generic_records"."record_type": 255,
    LabelerServicesUri = "labeler_services"."uri": 512,
    LabelerServicesCid = "labeler_services"."cid": 255,
    LabelerServicesCreatorDid = "labeler_services"."creator_did": 255,
    LabelsUri = "labels"."uri": 512,
    LabelsSrc = "labels"."src": 255,
    LabelsSubject = "labels"."subject": 512,
    LabelsVal = "labels"."val": 128,
    LikesUri = "likes"."uri": 512,
    LikesUserDid = "likes"."user_did": 255,
    LikesPostUri = "likes"."post_uri": 512,
    LikesSubjectCid = "likes"."subject_cid": 255,
    LikesCommitSeq = "likes"."commit_seq": 32,
    LikesCommitRev = "likes"."commit_rev": 64,
    ListBlocksUri = "list_blocks"."uri": 512,
    ListBlocksBlockerDid = "list_blocks"."blocker_did": 255,
    ListBlocksListUri = "list_blocks"."list_uri": 512,
    ListItemsUri = "list_items"."uri": 512,
    ListItemsCid = "list_items"."cid": 255,
    ListItemsListUri = "list_items"."list_uri": 512,
    ListItemsSubjectDid = "list_items"."subject_did": 255,
    ListsUri = "lists"."uri": 512,
    ListsCid = "lists"."cid": 255,
    ListsCreatorDid = "lists"."creator_did": 255,
    ListsName = "lists"."name": 255,
    ListsPurpose = "lists"."purpose": 64,
    PostAggregationsPostUri = "post_aggregations"."post_uri": 512,
    PostGatesPostUri = "post_gates"."post_uri": 512,
    PostViewerStatesPostUri = "post_viewer_states"."post_uri": 512,
    PostViewerStatesViewerDid = "post_viewer_states"."viewer_did": 255,
    PostViewerStatesLikeUri = "post_viewer_states"."like_uri": 512,
    PostViewerStatesRepostUri = "post_viewer_states"."repost_uri": 512,
    PostsUri = "posts"."uri": 512,
    PostsCid = "posts"."cid": 255,
    PostsAuthorDid = "posts"."author_did": 255,
    PostsParentUri = "posts"."parent_uri": 512,
    PostsParentCid = "posts"."parent_cid": 255,
    PostsRootUri = "posts"."root_uri": 512,
    PostsRootCid = "posts"."root_cid": 255,
    PostsCommitSeq = "posts"."commit_seq": 32,
    PostsCommitRev = "posts"."commit_rev": 64,
    QuotesUri = "quotes"."uri": 512,
    QuotesCid = "quotes"."cid": 255,
    QuotesPostUri = "quotes"."post_uri": 512,
    QuotesQuotedUri = "quotes"."quoted_uri": 512,
    QuotesQuotedCid = "quotes"."quoted_cid": 255,
    RepostsUri = "reposts"."uri": 512,
    RepostsUserDid = "reposts"."user_did": 255,
    RepostsPostUri = "reposts"."post_uri": 512,
    RepostsSubjectCid = "reposts"."subject_cid": 255,
    RepostsCommitSeq = "reposts"."commit_seq": 32,
    RepostsCommitRev = "reposts"."commit_rev": 64,
    StarterPacksUri = "starter_packs"."uri": 512,
    StarterPacksCid = "starter_packs"."cid": 255,
    StarterPacksCreatorDid = "starter_packs"."creator_did": 255,
    StarterPacksName = "starter_packs"."name": 255,
    StarterPacksListUri = "starter_packs"."list_uri": 512,
    ThreadContextsPostUri = "thread_contexts"."post_uri": 512,
    ThreadContextsRootAuthorLikeUri = "thread_contexts"."root_author_like_uri": 512,
    ThreadGatesPostUri = "thread_gates"."post_uri": 512,
    ThreadGatesOwnerDid = "thread_gates"."owner_did": 255,
    UsersDid = "users"."did": 255,
    UsersHandle = "users"."handle": 255,
    UsersDisplayName = "users"."display_name": 255,
    VerificationsUri = "verifications"."uri": 512,
    VerificationsCid = "verifications"."cid": 255,
    VerificationsSubjectDid = "verifications"."subject_did": 255,
    VerificationsHandle = "verifications"."handle": 255,
}

/// The lengths in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widths {
    characters: [usize; Column::ALL.len()],
}

impl Widths {
    /// The lengths of the contract's columns.tsv.
    #[must_use]
    pub fn contract() -> Self {
        Widths {
            characters: Column::CONTRACT,
        }
    }

    /// Takes a length from the live catalog; `None` is no limit (`text`). A column that forebay
    /// does not write is passed over.
    pub fn set(&mut self, table: &str, column: &str, characters: Option<usize>) {
        let is_it = |each: &&Column| each.name().split_once('.') == Some((table, column));
        if let Some(found) = Column::ALL.iter().find(is_it) {
            self.characters[*found as usize] = characters.unwrap_or(usize::MAX);
        }
    }

    /// How many characters the column holds.
    #[must_use]
    pub fn of(&self, column: Column) -> usize {
        self.characters[column as usize]
    }

    /// Whether the column holds `text` whole.
    #[must_use]
    pub fn holds(&self, column: Column, text: &str) -> bool {
        let width = self.of(column);
        text.len() <= width || text.chars().nth(width).is_none()
    }

    /// As much of `text` as the column holds.
    #[must_use]
    pub fn cut<'t>(&self, column: Column, text: &'t str) -> &'t str {
        let width = self.of(column);
        if text.len() <= width {
            return text;
        }
        text.char_indices()
            .nth(width)
            .map_or(text, |(end, _)| &text[..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_lengths_are_the_contracts() {
        let widths = Widths::contract();
        assert_eq!(Column::LikesPostUri.name(), "likes.post_uri");
        assert_eq!(widths.of(Column::LikesPostUri), 512);
        assert_eq!(widths.of(Column::LabelsVal), 128);
        assert_eq!(widths.of(Column::PostsCommitRev), 64);
    }

    #[test]
    fn the_live_catalog_overrides() {
        let mut widths = Widths::contract();
        widths.set("labels", "val", Some(3));
        widths.set("likes", "post_uri", None);
        widths.set("no", "such", Some(1));
        assert_eq!(widths.of(Column::LabelsVal), 3);
        assert!(widths.holds(Column::LikesPostUri, &"x".repeat(9_000)));
    }

    #[test]
    fn lengths_are_in_characters() {
        let mut widths = Widths::contract();
        widths.set("labels", "val", Some(3));
        assert!(widths.holds(Column::LabelsVal, "äöü"));
        assert!(!widths.holds(Column::LabelsVal, "äöüß"));
        assert_eq!(widths.cut(Column::LabelsVal, "äöüß"), "äöü");
        assert_eq!(widths.cut(Column::LabelsVal, "😄😄"), "😄😄");
        assert_eq!(widths.cut(Column::LabelsVal, ""), "");
    }
}
