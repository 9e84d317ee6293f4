//! What a person should know although all goes on.

/// The target of such events. The command line prints them at every log level, unless it is quiet.
pub const NOTICE_TARGET: &str = "velo_notice";

/// Tells something, with the arguments of `format!`.
macro_rules! notice {
    ($($argument:tt)*) => {
        tracing::warn!(target: $crate::notice::NOTICE_TARGET, $($argument)*)
    };
}

pub(crate) use notice;
