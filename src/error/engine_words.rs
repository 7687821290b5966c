//! The English words of DataFusion and object_store that this crate recognizes: the one list of them. Both
//! report many causes by their text alone. The tests provoke the errors themselves, so that they fail when
//! an upgrade changes the words.

/// What precedes the quoted name in DataFusion's error for a table that does not exist, and what follows it.
pub(crate) const TABLE_NOT_FOUND: (&str, &str) = ("table '", "' not found");

/// What precedes the quoted name in DataFusion's error for a function that does not exist.
pub(crate) const FUNCTION_NOT_FOUND: &str = "Invalid function '";

/// What precedes the quoted name in DataFusion's error for a function in FROM that does not exist, and what follows it.
pub(crate) const TABLE_FUNCTION_NOT_FOUND: (&str, &str) = ("table function '", "' not found");

/// What precedes the call in DataFusion's error for wrong arguments of a function.
pub(crate) const NO_FUNCTION_MATCHES: &str = "No function matches the given name and argument types '";

/// Part of the text before it, if the function is one of DataFusion's own.
pub(crate) const NO_SIGNATURE_MATCHES: &str = "failed to match any signature";

/// What precedes the signatures of the function.
pub(crate) const CANDIDATES: &str = "Candidate functions:";

/// What precedes the quoted name in DataFusion's error for arguments of a function that cannot be coerced, and
/// what precedes their types.
pub(crate) const NO_COERCION: (&str, &str) =
    ("Failed to coerce arguments to satisfy a call to '", "coercion from ");

/// What precedes the operation in Arrow's error for a whole number that its type cannot hold.
pub(crate) const OVERFLOW: &str = "Overflow happened on: ";

/// Part of the engine's error for a text that it takes for an instant, because it is not a date.
pub(crate) const NOT_A_DATE: &str = "Unable to cast to Date32 for converting";

/// What precedes the quoted text in Arrow's error for a text that is not of a type, and what precedes the type.
pub(crate) const TEXT_TO_NUMBER: (&str, &str) = ("Cannot cast string '", "' to value of ");

/// What precedes the expression in DataFusion's error for one that can be planned and not executed.
pub(crate) const NOT_EXECUTABLE: &str = "Physical plan does not support logical expression";

/// How such an expression begins if it belongs to a subquery.
pub(crate) const SUBQUERIES: [&str; 5] =
    ["InSubquery", "Exists", "ScalarSubquery", "SetComparison", "OuterReferenceColumn"];

/// Part of Parquet's error for a file whose footer is encrypted.
pub(crate) const ENCRYPTED_FOOTER: &str = "encrypted footer";

/// What precedes the message about a regular expression.
pub(crate) const WRONG_PATTERN: &str = "regex parse error";

/// What precedes the message of a function of this crate.
pub(crate) const COERCION_FAILED: &str = "user-defined coercion failed with: ";

/// What precedes the list of the largest consumers in DataFusion's error for too little memory.
pub(crate) const TOP_CONSUMERS: &str = " with top memory consumers";

/// How a backtrace begins in a text: that of DataFusion, and that of the standard library, which the Delta
/// library appends to its errors.
pub(crate) const BACKTRACES: [&str; 2] = ["\n\nbacktrace", "\n   0: "];

/// Part of the Delta library's error for a log in which a commit is missing.
#[cfg(feature = "delta")]
pub(crate) const LOG_GAP: &str = "contiguous commit files";

/// What precedes the status in object_store's error for an answer of a server.
pub(crate) const STATUS_CODE: &str = "status code: ";

/// The server sends no region to go to.
pub(crate) const OTHER_REGION: &str = "without LOCATION";

/// A URL with `http://` where only `https://` is allowed.
pub(crate) const NOT_ENCRYPTED: [&str; 2] = ["URL scheme is not allowed", "scheme is not https"];

/// The server does not answer in time.
pub(crate) const TIMED_OUT: [&str; 2] = ["timed out", "Timeout"];

/// No server has this name.
pub(crate) const NO_SUCH_SERVER: [&str; 2] = ["dns error", "failed to lookup"];

/// No server listens there.
pub(crate) const UNREACHABLE: [&str; 3] =
    ["Connection refused", "tcp connect error", "client error (Connect)"];

/// The connection ended before the answer did.
pub(crate) const CONNECTION_LOST: [&str; 5] = [
    "error decoding response body",
    "connection closed",
    "Connection reset",
    "error sending request",
    "end of file",
];

/// The builder of an Azure store lacks the account.
pub(crate) const NO_ACCOUNT: &str = "Account must be specified";

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;
    use std::num::NonZeroUsize;
    use std::sync::Arc;

    use datafusion::error::DataFusionError;
    use datafusion::execution::memory_pool::{GreedyMemoryPool, TrackConsumersPool};
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::prelude::{SessionConfig, SessionContext};
    use object_store::aws::AmazonS3Builder;
    use object_store::azure::MicrosoftAzureBuilder;
    use object_store::path::Path;
    use object_store::{ClientOptions, ObjectStoreExt, RetryConfig};

    use super::*;

    async fn refusal(sql: &str) -> String {
        SessionContext::new().sql(sql).await.unwrap_err().find_root().to_string()
    }

    #[tokio::test]
    async fn datafusion_names_a_missing_table() {
        let text = refusal("select * from nowhere").await;
        let (before, after) = TABLE_NOT_FOUND;
        assert!(text.contains(before) && text.contains(after), "{text}");
    }

    #[tokio::test]
    async fn datafusion_names_a_missing_function() {
        let text = refusal("select nowhere(1)").await;
        assert!(text.contains(FUNCTION_NOT_FOUND), "{text}");
        let text = refusal("select * from nowhere(1)").await;
        let (before, after) = TABLE_FUNCTION_NOT_FOUND;
        assert!(text.contains(before) && text.contains(after), "{text}");
    }

    #[tokio::test]
    async fn datafusion_lists_the_signatures_of_a_function() {
        let text = refusal("select power('x', true, 3)").await;
        for words in [NO_FUNCTION_MATCHES, CANDIDATES] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }

    #[tokio::test]
    async fn datafusion_names_a_function_whose_arguments_have_no_types() {
        let text = refusal("select string_agg('a')").await;
        assert!(text.contains(NO_COERCION.0) && text.contains(NO_COERCION.1), "{text}");
    }

    /// The error of executing a query.
    async fn failure(sql: &str) -> String {
        let frame = SessionContext::new().sql(sql).await.unwrap();
        frame.collect().await.unwrap_err().find_root().to_string()
    }

    #[tokio::test]
    async fn datafusion_names_a_subquery_that_it_cannot_execute() {
        for (sql, kind) in [
            ("select a in (select 1) from (values (1)) t(a)", 0),
            ("select exists (select 1)", 1),
            (
                "select a from (select 1 as a) t where (select count(*) from (select 1 as b) u where b > a) > 1",
                2,
            ),
            (
                "select a from (select 1 as a) t left join lateral \
                 (select b from (select 1 as b) u where b < a limit 1) x on true",
                4,
            ),
        ] {
            let text = failure(sql).await;
            assert!(text.contains(&format!("{NOT_EXECUTABLE} {}", SUBQUERIES[kind])), "{sql}: {text}");
        }
    }

    #[tokio::test]
    async fn a_wrong_pattern_is_named_so() {
        let text = failure("select a ~ '(' from (values ('a')) t(a)").await;
        assert!(text.contains(WRONG_PATTERN), "{text}");
    }

    #[tokio::test]
    async fn datafusion_passes_on_what_a_function_says() {
        let ctx = SessionContext::new();
        crate::functions::register(&mut *ctx.state_ref().write()).unwrap();
        let text = ctx.sql("select month_start(1, 2)").await.unwrap_err().to_string();
        assert!(text.contains(COERCION_FAILED), "{text}");
    }

    #[test]
    fn arrow_names_the_operation_that_overflows() {
        let most = datafusion::arrow::array::Int64Array::from(vec![i64::MAX]);
        let text = datafusion::arrow::compute::kernels::numeric::add(&most, &most).unwrap_err().to_string();
        assert!(text.contains(OVERFLOW), "{text}");
    }

    #[test]
    fn backtraces_begin_with_their_first_frame() {
        let text = format!("wrong\n{}", std::backtrace::Backtrace::force_capture());
        assert!(text.contains(BACKTRACES[1]), "{text}");
        assert!(DataFusionError::BACK_TRACE_SEP.starts_with(BACKTRACES[0]));
    }

    #[tokio::test]
    async fn datafusion_lists_the_largest_consumers_of_memory() {
        let pool = TrackConsumersPool::new(GreedyMemoryPool::new(1), NonZeroUsize::MIN);
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(pool));
        let ctx = SessionContext::new_with_config_rt(SessionConfig::new(), runtime.build_arc().unwrap());
        let sorted = ctx.sql("select v from generate_series(1, 100000) as t(v) order by -v").await.unwrap();
        let text = sorted.collect().await.unwrap_err().to_string();
        assert!(text.contains(TOP_CONSUMERS), "{text}");
    }

    /// The text of an error and of its sources.
    fn chain(error: &dyn std::error::Error) -> String {
        std::iter::successors(Some(error), |e| e.source())
            .map(|e| e.to_string())
            .collect::<Vec<_>>()
            .join(": ")
    }

    async fn read(endpoint: &str, allow_http: bool) -> String {
        let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
        let store = AmazonS3Builder::new()
            .with_bucket_name("b")
            .with_endpoint(endpoint)
            .with_skip_signature(true)
            .with_retry(retry)
            .with_client_options(ClientOptions::new().with_allow_http(allow_http));
        let store = store.build().unwrap();
        chain(&store.get(&Path::from("x")).await.unwrap_err())
    }

    fn has(text: &str, words: &[&str]) {
        assert!(words.iter().any(|word| text.contains(word)), "{words:?}: {text}");
    }

    #[tokio::test]
    async fn object_store_reports_a_server_that_cannot_be_reached() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        has(&read(&format!("http://127.0.0.1:{port}"), true).await, &UNREACHABLE);
        has(&read(&format!("http://127.0.0.1:{port}"), false).await, &NOT_ENCRYPTED);
        has(&read("http://no-such-host.invalid", true).await, &NO_SUCH_SERVER);
    }

    /// A server that sends this and closes the connection.
    async fn answered(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let _ = std::io::Read::read(&mut connection, &mut [0; 4096]);
            let _ = connection.write_all(answer.as_bytes());
        });
        let text = read(&format!("http://127.0.0.1:{port}"), true).await;
        server.join().unwrap();
        text
    }

    #[tokio::test]
    async fn object_store_reports_the_status_and_a_lost_connection() {
        has(&answered("HTTP/1.1 418 Teapot\r\ncontent-length: 0\r\n\r\n").await, &[STATUS_CODE]);
        has(&answered("").await, &CONNECTION_LOST);
    }

    #[test]
    fn object_store_asks_for_an_account() {
        let text = MicrosoftAzureBuilder::new().with_container_name("c").build().unwrap_err().to_string();
        assert!(text.contains(NO_ACCOUNT), "{text}");
    }
}
