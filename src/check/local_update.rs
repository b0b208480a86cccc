//! SYNC-10: updates of local publishers.

use super::{
    Problem, Rule, Severity, applicability::rule_problem, closest, declaration::Declaration,
    document::Document, local_update_files as files,
};
use crate::model::{
    FieldPath, Kind, LocalUpdateSpec, SoftwareUpdatePointSpec, classification_id,
    classification_titles, product_id,
};

pub(super) const RULE: Rule = Rule {
    id: "SYNC-10",
    severity: Severity::Error,
    summary: "an update of a local publisher is one that the top-level point publishes: of a \
              publisher, a product and a classification that it synchronizes, with rules that \
              clients can evaluate and a command that runs one of its files",
    why: "A published update goes to every site and stays there: no notice takes it back, only a \
          further revision does. One that clients cannot evaluate is passed over without a word.",
    wrong: "\
kind: LocalUpdate
metadata: {name: fabrikam-reader}
spec:
  updateId: 0c4e4f4e-6d0f-4d3b-9a55-5a1a7b6f2c10
  title: Fabrikam Reader 4.2.1
  publisher: Fabrikam
  product: Fabrikam Reader
  classification: Security Update
  applicability:
    isInstalled: <bar:RegKeyExist Key=\"HKEY_LOCAL_MACHINE\" Subkey=\"SOFTWARE\\Fabrikam\" />
    isInstallable: <lar:True />
",
    right: "\
kind: LocalUpdate
metadata: {name: fabrikam-reader}
spec:
  updateId: 0c4e4f4e-6d0f-4d3b-9a55-5a1a7b6f2c10
  title: Fabrikam Reader 4.2.1
  publisher: Fabrikam
  product: Fabrikam Reader
  classification: Security Updates
  applicability:
    isInstalled: <bar:RegKeyExists Key=\"HKEY_LOCAL_MACHINE\" Subkey=\"SOFTWARE\\Fabrikam\" />
    isInstallable: <lar:True />
",
};

/// The longest texts, in characters: what WSUS takes of local publishers.
const TITLE: usize = 200;
const DESCRIPTION: usize = 1_500;
const NAME: usize = 100;

type Update<'a> = Document<'a, LocalUpdateSpec>;

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    let top = declaration.top_point().map(|top| top.document);
    for update in declaration.local_updates.iter() {
        let unread = &declaration.unread;
        match top {
            Some(top) => chosen(update, top, problems),
            None if unread.any(Kind::SoftwareUpdatePoint) || unread.any(Kind::Site) => {}
            None => problems.push(
                update
                    .key(&RULE, "kind", "there is no active point at the top that could publish it")
                    .help("declare a `SoftwareUpdatePoint` of the top site with `role: Active`"),
            ),
        }
        texts(update, problems);
        classification(update, problems);
        others(update, problems);
        rules(update, problems);
        files::check(update, problems);
    }
}

/// Whether publisher, product and classification are among those that the point lists.
fn chosen(
    update: Update<'_>,
    top: Document<'_, SoftwareUpdatePointSpec>,
    problems: &mut Vec<Problem>,
) {
    let (spec, point) = (update.spec(), top.spec());
    let product = product_id(&spec.publisher, &spec.product).to_string();
    let class = classification_id(&spec.classification);
    let is_class =
        |listed: &String| class.is_some_and(|class| classification_id(listed) == Some(class));
    let same = |one: &str, other: &str| one.trim().eq_ignore_ascii_case(other.trim());
    let lists = [
        ("publisher", &spec.publisher, "publishers", &point.publishers, {
            point.publishers.iter().any(|it| same(it, &spec.publisher))
        }),
        ("product", &spec.product, "products", &point.products, {
            point.products.iter().any(|it| same(it, &spec.product) || same(it, &product))
        }),
        ("classification", &spec.classification, "classifications", &point.classifications, {
            // Whether it is one at all is another question.
            class.is_none() || point.classifications.iter().any(is_class)
        }),
    ];
    for (field, written, list, listed, is_listed) in lists {
        if listed.is_empty() || is_listed {
            continue;
        }
        let message = format!("{field} `{written}` is not among the `{list}` of `{}`", top.name);
        let help = match closest(written, listed.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("list it in `{}`, or remove this update", top.name),
        };
        problems.push(
            update
                .value(&RULE, format!("spec.{field}").as_str(), message)
                .related(top.place(format!("spec.{list}").as_str()), "those that are synchronized")
                .help(help),
        );
    }
}

fn texts(update: Update<'_>, problems: &mut Vec<Problem>) {
    let spec = update.spec();
    for (field, text, longest) in [
        ("title", Some(&spec.title), TITLE),
        ("description", spec.description.as_ref(), DESCRIPTION),
        ("publisher", Some(&spec.publisher), NAME),
        ("product", Some(&spec.product), NAME),
        ("securityBulletin", spec.security_bulletin.as_ref(), NAME),
    ] {
        let Some(text) = text else { continue };
        let length = text.chars().count();
        let (message, help) = if text.trim().is_empty() {
            (format!("`{field}` is empty"), "write a text")
        } else if length > longest {
            let message = format!("`{field}` has {length} characters, and {longest} are the most");
            (message, "write it shorter")
        } else if text.chars().any(is_forbidden) {
            (format!("`{field}` has letters that no XML can have"), "remove control characters")
        } else {
            continue;
        };
        problems.push(update.value(&RULE, format!("spec.{field}").as_str(), message).help(help));
    }
    let is_tag = |text: &str| {
        let mut parts = text.split('-');
        parts.next().is_some_and(|it| {
            (2..=3).contains(&it.len()) && it.bytes().all(|letter| letter.is_ascii_lowercase())
        }) && parts.all(|it| {
            (2..=8).contains(&it.len()) && it.bytes().all(|letter| letter.is_ascii_alphanumeric())
        })
    };
    if !is_tag(&spec.language) {
        let message = format!("`{}` is no language", spec.language);
        let help = "write it as documents of updates do, such as `en` or `pt-br`";
        problems.push(update.value(&RULE, "spec.language", message).help(help));
    }
    if let Some(article) = &spec.knowledge_base_article {
        let number = article.strip_prefix("KB").unwrap_or(article);
        if !(1..=10).contains(&number.len()) || !number.bytes().all(|it| it.is_ascii_digit()) {
            let message = format!("`{article}` is no number of an article");
            let problem = update.value(&RULE, "spec.knowledgeBaseArticle", message);
            problems.push(problem.help("write it as `KB9004210`"));
        }
    }
    if let Some(url) = &spec.support_url {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let is_one = rest.is_some_and(|rest| !rest.is_empty())
            && !url.chars().any(|it| it.is_whitespace() || is_forbidden(it));
        if !is_one || url.len() > 2_000 {
            let message = "`supportUrl` is no address that people can open";
            let help = "write it as `https://support.fabrikam.example/reader`";
            problems.push(update.value(&RULE, "spec.supportUrl", message).help(help));
        }
    }
}

/// Whether XML 1.0 forbids the letter.
pub(super) fn is_forbidden(letter: char) -> bool {
    !matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

fn classification(update: Update<'_>, problems: &mut Vec<Problem>) {
    let written = &update.spec().classification;
    if written.len() <= NAME && classification_id(written).is_some() {
        return;
    }
    let help = closest(written, classification_titles()).map_or_else(
        || {
            let titles: Vec<_> = classification_titles().collect();
            format!("write one of `{}`, or a GUID", titles.join("`, `"))
        },
        |near| format!("did you mean `{near}`?"),
    );
    let message = format!("there is no classification `{written}`");
    problems.push(update.value(&RULE, "spec.classification", message).help(help));
}

/// What it says of other updates.
fn others(update: Update<'_>, problems: &mut Vec<Problem>) {
    let spec = update.spec();
    for (field, ids) in [("prerequisites", &spec.prerequisites), ("supersedes", &spec.supersedes)] {
        for (index, id) in ids.iter().enumerate() {
            let path = FieldPath::new(format!("spec.{field}").as_str()).index(index);
            if *id == spec.update_id {
                let message = format!("the update names itself among its `{field}`");
                problems.push(update.value(&RULE, path, message).help("remove it"));
            }
        }
    }
    for (index, id) in spec.prerequisites.iter().enumerate() {
        if let Some(at) = spec.supersedes.iter().position(|it| it == id) {
            let message = format!("{id} has to be there before, and is replaced");
            let path = FieldPath::new("spec.prerequisites").index(index);
            let other = FieldPath::new("spec.supersedes").index(at);
            problems.push(
                update
                    .value(&RULE, path, message)
                    .related(update.place(other), "the same update")
                    .help("remove it from one of the two lists"),
            );
        }
    }
}

fn rules(update: Update<'_>, problems: &mut Vec<Problem>) {
    let rules = &update.spec().applicability;
    for (field, text) in [
        ("isInstalled", Some(&rules.is_installed)),
        ("isInstallable", Some(&rules.is_installable)),
        ("isSuperseded", rules.is_superseded.as_ref()),
    ] {
        let Some(problem) = text.and_then(|text| rule_problem(text)) else { continue };
        // Of a text in one line the line is told anyway.
        let lines = text.map_or(1, |text| text.trim_end().lines().count());
        let message = if lines > 1 { problem.to_string() } else { problem.what };
        let path = format!("spec.applicability.{field}");
        problems.push(update.value(&RULE, path.as_str(), message).help(problem.help));
    }
}
