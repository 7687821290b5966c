//! Paths as errors and notes show them: without people in the names of folders and files.

/// A text with paths, in which the folders `key=value` whose value contains an address or is the identifier of a person
/// are `key=…`, and other folders and files with an address are without what is before the `@`. Exports can have a part for
/// each mailbox: `mail/mailbox=anna%40contoso.com/part-0.parquet`, `mail/anna@contoso.com.parquet`.
pub(crate) fn without_people(text: &str) -> String {
    without_addresses(&without_values(text))
}

/// Without the addresses in paths. A path has no blanks here: what is before one stays.
fn without_addresses(text: &str) -> String {
    let shown = text.split_inclusive(char::is_whitespace).map(|word| {
        if !word.contains('/') && !is_end_of_name(word) {
            return word.to_owned();
        }
        let parts: Vec<_> = word.split('/').collect();
        let shown = parts.iter().enumerate().map(|(i, part)| {
            // In the URL of Azure, the container stands before the host: `abfss://lake@account.dfs.core.windows.net/`.
            let is_host = i > 1 && parts[i - 1].is_empty() && parts[i - 2].ends_with(':');
            match part.rfind('@').or_else(|| part.rfind("%40")).or_else(|| part.rfind("%2540")) {
                Some(at) if at > 0 && !is_host => format!("…{}", &part[at..]),
                _ => (*part).to_owned(),
            }
        });
        shown.collect::<Vec<_>>().join("/")
    });
    shown.collect()
}

/// Whether a word is the end of the name of a file with a blank in it.
fn is_end_of_name(word: &str) -> bool {
    let word = word.trim_end().trim_end_matches([':', ',', ';', '"']);
    [".parquet", ".json", ".jsonl", ".gz", ".csv"].iter().any(|ending| word.ends_with(ending))
}

/// Without the values of folders `key=value` that are about people.
fn without_values(text: &str) -> String {
    let Some((folders, name)) = text.rsplit_once('/') else { return text.to_owned() };
    let shown = folders.split('/').map(|folder| match folder.rsplit_once('=') {
        Some((key, value)) if is_about_somebody(value) => format!("{key}=…"),
        _ => folder.to_owned(),
    });
    format!("{}/{name}", shown.collect::<Vec<_>>().join("/"))
}

/// Whether a value contains an address, also percent-encoded, or is an identifier of 32 hexadecimal digits.
fn is_about_somebody(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_hexdigit).count();
    let is_identifier = digits == 32 && value.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    // What begins with a blank or a quote is not a value but the text around a path.
    let is_value = !value.starts_with([' ', '"', '\'']);
    is_value && (is_identifier || value.contains('@') || value.contains("%40"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_about_people_are_hidden() {
        for (text, shown) in [
            ("[mail] mailbox=anna@contoso.com/a.parquet: is empty", "[mail] mailbox=…/a.parquet: is empty"),
            (
                "[mail] in/mailbox=anna%40contoso.com/month=2026-03/a.parquet and in/mailbox=ben@x.y/b.parquet: no",
                "[mail] in/mailbox=…/month=2026-03/a.parquet and in/mailbox=…/b.parquet: no",
            ),
            ("s3://b/puser=0B1f0B1f-0000-1111-2222-0123456789ab/a", "s3://b/puser=…/a"),
            ("s3://b/puser=0b1f0b1f000011112222-123456789abc/a", "s3://b/puser=…/a"),
            ("s3://b/month=2026-03/region=emea/a=b@c", "s3://b/month=2026-03/region=emea/…@c"),
            ("[mail] mail/anna@contoso.com.parquet: is empty", "[mail] mail/…@contoso.com.parquet: is empty"),
            ("abfss://lake@acc.net/in/ann@x.y/a is", "abfss://lake@acc.net/in/…@x.y/a is"),
            ("/in/anna%40contoso.com/a.parquet (first)", "/in/…%40contoso.com/a.parquet (first)"),
            (
                "2 files are not read: mail/a.txt; write to admin@x.y",
                "2 files are not read: mail/a.txt; write to admin@x.y",
            ),
            ("no path: 3 = 4, anna@contoso.com", "no path: 3 = 4, anna@contoso.com"),
            ("", ""),
        ] {
            assert_eq!(without_people(text), shown);
        }
    }
}
