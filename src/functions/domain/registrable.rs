//! `registrable_domain(domain)`: the registered part of a domain.
//!
//! The Public Suffix List, both divisions, comes with the crate `psl`. The algorithm is that of publicsuffix.org:
//! the rule with the most labels applies, an exception before all others, and without a rule the last label is the
//! suffix.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Documentation, ScalarUDF};

use super::map_text;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use crate::functions::udf::strings::text_type;

/// The public suffix of a normalized domain and the label before it; `None` if the domain is a public suffix.
pub(crate) fn registrable_domain(domain: &str) -> Option<&str> {
    psl::domain_str(domain)
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "registrable_domain",
        arguments: |types| {
            expect_arguments("registrable_domain", types, 1)?;
            Ok(vec![text_type("registrable_domain", &types[0])?])
        },
        returns: |_| Ok(DataType::Utf8),
        invoke: |args| map_text(args, |domain| registrable_domain(domain).map(str::to_owned)),
        documentation: Documentation::builder(
            OWN_SQL,
            "The registered part of a domain: its public suffix and the label before it. NULL if the domain \
             is a public suffix itself, such as co.uk or github.io. Suffixes are those of the Public Suffix List, both \
             divisions.",
            "registrable_domain(domain)",
        )
        .with_argument("domain", "A normalized domain (see normalize_domain); NULL gives NULL.")
        .with_sql_example("> select registrable_domain('mail.acme.co.uk'), registrable_domain('co.uk');\nacme.co.uk, NULL")
        .with_related_udf("normalize_domain")
        .build(),
    }
    .into_udf()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cases of publicsuffix.org's own test, as far as they are normalized domains.
    #[test]
    fn as_publicsuffix_org() {
        for (domain, expected) in [
            ("com", None),
            ("example.com", Some("example.com")),
            ("a.b.example.com", Some("example.com")),
            ("example", None),
            ("b.example.example", Some("example.example")),
            ("biz", None),
            ("a.b.domain.biz", Some("domain.biz")),
            ("uk.com", None),
            ("example.uk.com", Some("example.uk.com")),
            ("ac.jp", None),
            ("test.ac.jp", Some("test.ac.jp")),
            ("kyoto.jp", None),
            ("ide.kyoto.jp", None),
            ("a.b.ide.kyoto.jp", Some("b.ide.kyoto.jp")),
            ("c.kobe.jp", None),
            ("a.b.c.kobe.jp", Some("b.c.kobe.jp")),
            ("city.kobe.jp", Some("city.kobe.jp")),
            ("www.city.kobe.jp", Some("city.kobe.jp")),
            ("ck", None),
            ("test.ck", None),
            ("a.b.test.ck", Some("b.test.ck")),
            ("www.ck", Some("www.ck")),
            ("www.www.ck", Some("www.ck")),
            ("k12.ak.us", None),
            ("test.k12.ak.us", Some("test.k12.ak.us")),
            ("xn--85x722f.com.cn", Some("xn--85x722f.com.cn")),
            ("shishi.xn--55qx5d.cn", Some("shishi.xn--55qx5d.cn")),
            ("xn--55qx5d.cn", None),
            ("xn--fiqs8s", None),
            ("co.uk", None),
            ("acme.co.uk", Some("acme.co.uk")),
            ("github.io", None),
            ("acme.github.io", Some("acme.github.io")),
            // The parent of a wildcard is not a suffix for that.
            ("kobe.jp", Some("kobe.jp")),
        ] {
            assert_eq!(registrable_domain(domain), expected, "{domain}");
        }
    }
}
