//! Searching a catalog.

use super::*;

/// Three updates, and their categories.
fn searched(directory: &Path) -> Catalog {
    let catalog = catalog(directory);
    let mut old = software(1, &[10, 20]);
    old.index.title = "2024-01 Cumulative Update für Windows Server 2019".to_owned();
    old.index.kb_articles = vec!["5034127".to_owned()];
    old.index.creation_date = "2024-01-09T18:00:00Z".to_owned();
    let mut new = software(2, &[10, 20]);
    new.index.title = "2024-02 Cumulative Update for Windows Server 2019".to_owned();
    new.index.superseded = vec![Uuid::from_u128(1)];
    new.index.security_bulletins = vec!["MS24-010".to_owned()];
    new.index.creation_date = "2024-02-13T18:00:00Z".to_owned();
    let mut other = software(3, &[11, 20]);
    other.index.title = "2024-02 Cumulative Update for Windows 11".to_owned();
    other.index.publication_state = PublicationState::Expired;
    let categories = [10, 11, 20].map(|number| {
        let mut category = revision(number, UpdateType::Category);
        let kind =
            if number == 20 { CategoryType::UpdateClassification } else { CategoryType::Product };
        category.index.category_type = Some(kind);
        category
    });
    catalog.store_batch(&categories, &[], now()).unwrap();
    catalog.store_batch(&[old, new, other], &[], now()).unwrap();
    catalog
}

fn numbers(catalog: &Catalog, search: &Search) -> Vec<u128> {
    let found = catalog.search(search).unwrap();
    found.updates.iter().map(|it| it.identity.update_id.as_u128()).collect()
}

#[test]
fn words_of_titles_and_articles_find_updates_newest_first() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = searched(directory.path());
    let find = |words: &str| {
        let words = words.split(' ').map(str::to_owned).collect();
        numbers(&catalog, &Search { words, limit: 50, ..Search::default() })
    };
    assert_eq!(find("cumulative update"), [3, 2, 1]);
    assert_eq!(find("Server 2019 CUMUL*"), [2, 1]);
    assert_eq!(find("fur"), [1]);
    assert_eq!((find("KB5034127"), find("5034127")), (vec![1], vec![1]));
    assert_eq!(find("MS24-010"), [2]);
    assert_eq!(find("nothing"), []);
    // What means something to the index is a word like any other.
    for words in ["\"", "a\" OR \"b", "title:x", "NEAR(", "*", "-", "^x"] {
        find(words);
    }
}

#[test]
fn filters_of_a_search_join() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = searched(directory.path());
    let product = |number| Some(vec![Uuid::from_u128(number)]);
    let search = Search { limit: 50, ..Search::default() };
    let find = |search: &Search| numbers(&catalog, search);
    assert_eq!(find(&search), [3, 2, 1, 20, 11, 10]);
    assert_eq!(find(&Search { products: product(10), ..search.clone() }), [2, 1]);
    assert_eq!(find(&Search { products: product(99), ..search.clone() }), []);
    let both = Search { products: product(11), classifications: product(20), ..search.clone() };
    assert_eq!(find(&both), [3]);
    let several = Some(vec![Uuid::from_u128(10), Uuid::from_u128(11)]);
    assert_eq!(find(&Search { products: several, ..search.clone() }), [3, 2, 1]);
    assert_eq!(find(&Search { types: vec![UpdateType::Category], ..search.clone() }), [20, 11, 10]);
    let current = Search { without_superseded: true, without_expired: true, ..both };
    assert_eq!(find(&Search { products: None, ..current }), [2]);
    let since = Some("2024-02-01T00:00:00Z".parse::<Timestamp>().unwrap().as_second());
    assert_eq!(find(&Search { created_since: since, ..search.clone() }), [2]);
    // Page by page it is the same.
    let (mut before, mut all) = (None, Vec::new());
    loop {
        let found = catalog.search(&Search { before, limit: 4, ..search.clone() }).unwrap();
        all.extend(found.updates.iter().map(|it| it.identity.update_id.as_u128()));
        before = found.last;
        if !found.more {
            break;
        }
    }
    assert_eq!(all, find(&search));
    let found = catalog.search(&Search { products: product(10), ..search }).unwrap();
    let (new, old) = (&found.updates[0], &found.updates[1]);
    assert!(old.superseded && !new.superseded);
    assert_eq!(old.articles, ["KB5034127"]);
    assert_eq!(
        (new.classification.as_deref(), new.products.as_slice()),
        (Some("Update 20"), &["Update 10".to_owned()][..])
    );
}

/// An update with a title in each of these languages.
fn titled(number: u128, titles: &[(&str, &str)]) -> NewRevision {
    let localized = |(language, title): &(&str, &str)| {
        format!(
            "<LocalizedProperties><Language>{language}</Language><Title>{title}</Title>\
             </LocalizedProperties>"
        )
    };
    let text = format!(
        "<Update xmlns=\"http://schemas.microsoft.com/msus/2002/12/Update\">\
         <UpdateIdentity UpdateID=\"{}\" RevisionNumber=\"1\"/><Properties UpdateType=\"Software\">\
         <KBArticleID>{}</KBArticleID></Properties><LocalizedPropertiesCollection>{}\
         </LocalizedPropertiesCollection></Update>",
        Uuid::from_u128(number),
        5_000_000 + number,
        titles.iter().map(localized).collect::<String>()
    );
    let index = UpdateDocument::index(&text).unwrap();
    NewRevision { index, document: PackedDocument::pack(&text), file_digests: Vec::new() }
}

#[test]
fn titles_are_found_and_shown_in_the_languages_that_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let mut catalog = catalog(directory.path());
    let first = [
        ("en", "Security update"),
        ("de", "Sicherheitsupdate für Rechner"),
        ("fr", "Mise à jour de sécurité"),
        ("pt-BR", "Atualização de segurança"),
    ];
    let keep = |catalog: &Catalog, languages: &[&str]| {
        let languages: Vec<_> = languages.iter().map(|it| (*it).to_owned()).collect();
        catalog.keep_titles_in(&languages).unwrap();
    };
    let shown = |catalog: &Catalog, words: &str| {
        let words = words.split(' ').map(str::to_owned).collect();
        let found = catalog.search(&Search { words, limit: 50, ..Search::default() }).unwrap();
        let titles = |it: &FoundUpdate| {
            let localized = it.localized_titles.iter().map(|it| it.language.clone());
            (it.title.clone(), localized.collect::<Vec<_>>().join(" "))
        };
        found.updates.iter().map(titles).collect::<Vec<_>>()
    };
    let is = |titles: &[(&str, &str)]| -> Vec<(String, String)> {
        titles.iter().map(|(title, other)| ((*title).to_owned(), (*other).to_owned())).collect()
    };
    catalog.store_batch(&[titled(1, &first)], &[], now()).unwrap();
    assert_eq!(shown(&catalog, "security"), is(&[("Security update", "")]));
    assert_eq!(shown(&catalog, "sicherheitsupdate"), []);
    // What is there already, and what comes after.
    keep(&catalog, &["pt-br", "DE", "en", "nl"]);
    catalog.store_batch(&[titled(2, &[("de", "Rechner")])], &[], now()).unwrap();
    catalog.store_batch(&[titled(3, &[("de", "Rechner"), ("en", "x")])], &[], now()).unwrap();
    for words in ["security fur", "atualizacao", "5000001 sicherheits* KB5000001"] {
        assert_eq!(shown(&catalog, words), is(&[("Security update", "de pt-br")]), "{words}");
    }
    let machines = is(&[("x", "de"), ("Rechner", ""), ("Security update", "de pt-br")]);
    assert_eq!(shown(&catalog, "rechner"), machines);
    assert_eq!(shown(&catalog, "jour"), []);
    // It is the same after a restart, and nothing of other languages is left.
    drop(catalog);
    catalog = super::catalog(directory.path());
    assert_eq!(shown(&catalog, "rechner"), machines);
    keep(&catalog, &["fr"]);
    assert_eq!(shown(&catalog, "jour"), is(&[("Security update", "fr")]));
    assert_eq!(shown(&catalog, "rechner"), is(&[("Rechner", "")]));
    keep(&catalog, &[]);
    assert_eq!(shown(&catalog, "jour"), []);
    assert_eq!(shown(&catalog, "security 5000001"), is(&[("Security update", "")]));
}
