//! The field names that the SDK writes in snake_case and the lexicons in camelCase.
//!
//! A closed list, because turning every snake_case key into camelCase damages records that use
//! such names themselves (`record_type`, `signing_key`). It knows names only, not which record
//! has which.
//!
//! Source: the 40 camelCase field names of the 26 record lexicons and of all that they refer to,
//! in `lexicons/` of github.com/bluesky-social/atproto at d6296a1cfdb40a773319cb59061300e4e8e52f26;
//! and `mimeType`, which every blob has and no lexicon lists (atproto.com/specs/data-model).

/// The lexicon's name of a key in an SDK object: the key itself unless it is on the list.
#[must_use]
pub fn to_lexicon(key: &str) -> &str {
    if memchr::memchr(b'_', key.as_bytes()).is_none() {
        return key;
    }
    camel(key).unwrap_or(key)
}

fn camel(snake: &str) -> Option<&'static str> {
    Some(match snake {
        "created_at" => "createdAt",
        "mime_type" => "mimeType",
        "byte_start" => "byteStart",
        "byte_end" => "byteEnd",
        "aspect_ratio" => "aspectRatio",
        "associated_refs" => "associatedRefs",
        "display_name" => "displayName",
        "pinned_post" => "pinnedPost",
        "joined_via_starter_pack" => "joinedViaStarterPack",
        "description_facets" => "descriptionFacets",
        "accent_foreground" => "accentForeground",
        "accepts_interactions" => "acceptsInteractions",
        "adult_only" => "adultOnly",
        "allow_group_invites" => "allowGroupInvites",
        "allow_incoming" => "allowIncoming",
        "allow_subscriptions" => "allowSubscriptions",
        "basic_theme" => "basicTheme",
        "bsky_post_ref" => "bskyPostRef",
        "content_mode" => "contentMode",
        "continuity_proofs" => "continuityProofs",
        "cover_image" => "coverImage",
        "current_key" => "currentKey",
        "default_setting" => "defaultSetting",
        "detached_embedding_uris" => "detachedEmbeddingUris",
        "duration_minutes" => "durationMinutes",
        "embedding_rules" => "embeddingRules",
        "hidden_replies" => "hiddenReplies",
        "hide_from_algorithmic_recommendations" => "hideFromAlgorithmicRecommendations",
        "key_package" => "keyPackage",
        "label_value_definitions" => "labelValueDefinitions",
        "label_values" => "labelValues",
        "message_me" => "messageMe",
        "message_me_url" => "messageMeUrl",
        "published_at" => "publishedAt",
        "reason_types" => "reasonTypes",
        "show_button_to" => "showButtonTo",
        "show_in_discover" => "showInDiscover",
        "subject_collections" => "subjectCollections",
        "subject_types" => "subjectTypes",
        "text_content" => "textContent",
        "updated_at" => "updatedAt",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAMEL: &str = "accentForeground acceptsInteractions adultOnly allowGroupInvites \
        allowIncoming allowSubscriptions aspectRatio associatedRefs basicTheme bskyPostRef \
        byteEnd byteStart contentMode continuityProofs coverImage createdAt currentKey \
        defaultSetting descriptionFacets detachedEmbeddingUris displayName durationMinutes \
        embeddingRules hiddenReplies hideFromAlgorithmicRecommendations joinedViaStarterPack \
        keyPackage labelValueDefinitions labelValues messageMe messageMeUrl pinnedPost \
        publishedAt reasonTypes showButtonTo showInDiscover subjectCollections subjectTypes \
        textContent updatedAt mimeType";

    fn snake(camel: &str) -> String {
        camel.chars().fold(String::new(), |mut out, c| {
            if c.is_ascii_uppercase() {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
            out
        })
    }

    #[test]
    fn renames_the_forty_and_mime_type() {
        assert_eq!(CAMEL.split_whitespace().count(), 41);
        for name in CAMEL.split_whitespace() {
            assert_eq!(to_lexicon(&snake(name)), name);
            assert_eq!(to_lexicon(name), name);
        }
    }

    #[test]
    fn leaves_all_other_keys() {
        for key in [
            "record_type",
            "signing_key",
            "py_type",
            "text",
            "",
            "_",
            "created_At",
            "via",
        ] {
            assert_eq!(to_lexicon(key), key);
        }
    }
}
