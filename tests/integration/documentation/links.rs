//! Links of the pages lead to files and headings that exist.

use std::collections::HashMap;

use super::page::{Page, pages, root};

/// The targets of the links of a page, with their lines.
fn links(page: &Page) -> Vec<(usize, String)> {
    let prose = page.prose();
    let found = prose.match_indices("](").filter_map(|(at, opening)| {
        let target = prose[at + opening.len()..].split(')').next()?;
        Some((prose[..at].matches('\n').count() + 1, target.trim().to_owned()))
    });
    found.collect()
}

/// The anchors of a page as GitHub makes them of its headings.
fn anchors(page: &Page) -> Vec<String> {
    let (mut anchors, mut occurrences, mut in_block) = (vec![], HashMap::new(), false);
    for line in page.text.lines() {
        in_block ^= line.trim_start().starts_with("```");
        let heading = line.trim_start_matches('#');
        if in_block || line == heading || !heading.starts_with(' ') {
            continue;
        }
        let slug: String = heading
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let earlier = occurrences.entry(slug.clone()).or_insert(0);
        anchors.push(if *earlier == 0 { slug } else { format!("{slug}-{earlier}") });
        *earlier += 1;
    }
    anchors
}

/// What is wrong with a link, if anything is. Addresses of other servers are not checked.
fn wrong(page: &Page, target: &str) -> Option<String> {
    if ["https://", "http://", "mailto:"].iter().any(|other| target.starts_with(other)) {
        return None;
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let folder = root().join(&page.name).parent().unwrap().to_owned();
    let file = if path.is_empty() { root().join(&page.name) } else { folder.join(path) };
    let Ok(file) = file.canonicalize() else { return Some("there is not such a file".to_owned()) };
    let Ok(name) = file.strip_prefix(root().canonicalize().unwrap()) else {
        return Some("leads out of the repository".to_owned());
    };
    if path.ends_with('/') && !file.is_dir() {
        return Some("is not a folder".to_owned());
    }
    let anchor = anchor?;
    let exists = if path.is_empty() || path.ends_with(".md") {
        anchors(&Page::read(name.display().to_string())).iter().any(|known| known == anchor)
    } else {
        let lines = std::fs::read_to_string(&file).map_or(0, |text| text.lines().count());
        anchor
            .strip_prefix('L')
            .and_then(|line| line.parse().ok())
            .is_some_and(|line| (1..=lines).contains(&line))
    };
    (!exists).then(|| "there is not such a heading or line".to_owned())
}

#[test]
fn links_lead_somewhere() {
    let (mut broken, mut found) = (vec![], 0);
    for page in pages().into_iter().chain(["CHANGELOG.md", "DECISIONS.md"].map(Page::read)) {
        for (line, target) in links(&page) {
            found += 1;
            broken.extend(wrong(&page, &target).map(|why| format!("{}: {target}: {why}", page.place(line))));
        }
    }
    assert!(found > 100 && broken.is_empty(), "{found} links\n{}", broken.join("\n"));
}

#[test]
fn links_and_anchors_of_a_page() {
    let text = "# A `b_c`, d\n\n## A\n[x](docs/)\n```sh\n# e\n[y](z)\n```\n[`[k] l`](#a) [m](#n)\n## A\n";
    let page = Page { name: "README.md".into(), text: text.into() };
    assert_eq!(links(&page), [(4, "docs/".to_owned()), (9, "#a".into()), (9, "#n".into())]);
    assert_eq!(anchors(&page), ["a-b_c-d", "a", "a-1"]);
    for target in ["docs", "https://example.com", "docs/rules.md#terms", "src/lib.rs#L1"] {
        assert_eq!(wrong(&page, target), None, "{target}");
    }
    for target in ["docs/x.md", "LICENSE/", "docs/rules.md#x", "src/lib.rs#L0", "../", "src/lib.rs#x"] {
        assert!(wrong(&page, target).is_some(), "{target}");
    }
}
