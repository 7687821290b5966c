//! The functions for your own SQL as expressions of the DataFrame API.
//!
//! Each function takes the arguments of the SQL function of the same name; `engagement functions NAME` and
//! docs/functions.md describe them. Optional arguments are left to SQL.
//!
//! ```
//! use datafusion::prelude::*;
//! use datafusion_engagement::functions::expr_fn::{distinct_people, normalize_address};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> datafusion::error::Result<()> {
//! let ctx = SessionContext::new();
//! let mail = ctx.sql("select * from (values ('Ann <ann@x.com>'), ('ANN@x.com'), ('ben@x.com')) t(sender)").await?;
//! let senders = mail.aggregate(vec![], vec![distinct_people(normalize_address(col("sender"))).alias("senders")])?;
//! let senders = senders.collect().await?;
//! assert_eq!(senders[0].column(0).as_ref(), &datafusion::arrow::array::Int64Array::from(vec![2]));
//! # Ok(())
//! # }
//! ```

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use datafusion::logical_expr::{AggregateUDF, Expr, ScalarUDF};

static SCALAR: LazyLock<HashMap<String, Arc<ScalarUDF>>> =
    LazyLock::new(|| super::all_scalar().into_iter().map(|f| (f.name().to_owned(), f)).collect());

static AGGREGATE: LazyLock<HashMap<String, Arc<AggregateUDF>>> =
    LazyLock::new(|| super::all_aggregate().into_iter().map(|f| (f.name().to_owned(), f)).collect());

macro_rules! expressions {
    ($functions:ident $names:ident: $($name:ident($($argument:ident),+);)+) => {
        $(
            #[doc = concat!("The SQL function `", stringify!($name), "`.")]
            pub fn $name($($argument: Expr),+) -> Expr {
                $functions[stringify!($name)].call(vec![$($argument),+])
            }
        )+

        #[cfg(test)]
        const $names: &[&str] = &[$(stringify!($name)),+];
    };
}

expressions! { SCALAR SCALAR_NAMES:
    address_domain(address);
    address_oddities(addresses);
    addresses(text);
    conversation_thread(conversation_index, conversation_id);
    count_at_most(counts, value);
    distinct_people_count(state);
    graph_address(recipient);
    graph_addresses(recipients);
    graph_attendees(attendees);
    graph_has_other_key(value, keys);
    graph_is_object(value);
    graph_text(value);
    graph_texts(list);
    graph_time(value);
    graph_unknown_words(attendees);
    id_hash(text);
    id_spelling(id);
    is_address(text);
    is_auto_submitted(headers);
    is_blank(text);
    is_placeholder(text);
    local_date(timestamp, zone);
    month_start(day);
    nonzero_count_at_most(counts, value);
    normalize_address(text);
    normalize_domain(text);
    parent_domains(domain);
    quarter_start(day, fiscal_year_start);
    registrable_domain(domain);
    utc_timestamp(timestamp);
    uuid_text(bytes);
    week_start(day);
}

expressions! { AGGREGATE AGGREGATE_NAMES:
    cumulative_counts(value);
    distinct_people(person);
    distinct_people_merge(state);
    distinct_people_state(person);
    reply_times(sent_at, message_key, to_account, from_account, limit_micros);
    set_union(values);
    value_counts(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::udf::declare::OWN_SQL;

    /// Only first_true, of any number of arguments, has no expression.
    #[test]
    fn every_function_for_own_sql_has_one() {
        fn names<'a>(all: impl Iterator<Item = (&'a String, bool)>) -> Vec<&'a str> {
            let mut names: Vec<_> = all.filter(|(_, own)| *own).map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            names
        }
        let is_own = |documentation: Option<&datafusion::logical_expr::Documentation>| {
            documentation.is_some_and(|d| d.doc_section.label == OWN_SQL.label)
        };
        let mut scalar = names(SCALAR.iter().map(|(name, f)| (name, is_own(f.documentation()))));
        scalar.retain(|name| *name != "first_true");
        assert_eq!(scalar, SCALAR_NAMES);
        let aggregate = names(AGGREGATE.iter().map(|(name, f)| (name, is_own(f.documentation()))));
        assert_eq!(aggregate, AGGREGATE_NAMES);
    }
}
