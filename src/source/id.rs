//! Stream ids as arguments of commands.

use deadpool_redis::redis::{RedisWrite, ToRedisArgs};

use crate::position::StreamId;

/// Written straight into the command: an acknowledgement has tens of thousands of them, and a text
/// of its own for each costs more than all else about it.
impl ToRedisArgs for StreamId {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        out.write_arg_fmt(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deadpool_redis::redis;

    #[test]
    fn says_ids_as_redis_does() {
        let ids = [StreamId { ms: 12, n: 3 }, StreamId { ms: 4, n: 0 }];
        let mut command = redis::cmd("XACK");
        command.arg(&ids[..]);
        let packed = command.get_packed_command();
        assert_eq!(packed, b"*3\r\n$4\r\nXACK\r\n$4\r\n12-3\r\n$3\r\n4-0\r\n");
    }
}
