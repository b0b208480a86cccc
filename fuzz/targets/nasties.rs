//! Texts that have brought parsers down, at any length.

/// A text of about so many bytes.
pub(super) type Nasty = fn(usize) -> String;

const HEAD: &str = "apiVersion: headwater.dev/v1alpha1\nkind: DistributionPointGroup\n\
                    metadata:\n  name: group\nspec:\n  members:";

fn group(rest: &str) -> String {
    format!("{HEAD}{rest}\n")
}

fn repeated(text: &str, bytes: usize) -> String {
    text.repeat(bytes / text.len() + 1)
}

fn numbered(bytes: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(bytes + 100);
    let mut number = 0;
    while text.len() < bytes {
        text.push_str(&line(number));
        number += 1;
    }
    text
}

/// What they are, and how they are made.
pub(super) const NASTIES: &[(&str, Nasty)] = &[
    ("open brackets", |bytes| group(&format!(" {}", "[".repeat(bytes)))),
    ("closed brackets", |bytes| {
        group(&format!(" {}{}", "[".repeat(bytes / 2), "]".repeat(bytes / 2)))
    }),
    ("open braces", |bytes| group(&format!(" {}", "{a: ".repeat(bytes / 4)))),
    ("nested lists", |bytes| group(&format!(" {}", "- ".repeat(bytes / 2)))),
    ("nested keys", |bytes| group(&format!(" {}", "? ".repeat(bytes / 2)))),
    ("deeper lines", |bytes| {
        let line = |depth| [" ".repeat(depth), "a:\n".to_owned()];
        (0..usize::isqrt(bytes)).flat_map(line).collect()
    }),
    ("one long line", |bytes| group(&format!(" [{}]", repeated("name, ", bytes)))),
    ("one long text", |bytes| group(&format!(" \"{}\"", "a".repeat(bytes)))),
    ("one long plain text", |bytes| group(&format!(" {}", repeated("word ", bytes)))),
    ("one long folded text", |bytes| group(&format!(" >\n    {}", repeated("word\n    ", bytes)))),
    ("escapes", |bytes| group(&format!(" \"{}\"", repeated("\\u00e9", bytes)))),
    ("many names", |bytes| {
        group(&format!("\n{}", numbered(bytes, |it| format!("  - name-{it}\n"))))
    }),
    ("one name again and again", |bytes| group(&repeated("\n  - name", bytes))),
    ("unknown keys", |bytes| {
        format!("{HEAD} []\n{}", numbered(bytes, |it| format!("  key{it}: 1\n")))
    }),
    ("one key again and again", |bytes| format!("{HEAD} []\n{}", repeated("  a: 1\n", bytes))),
    ("labels", |bytes| {
        let labels = numbered(bytes, |it| format!("    label{it}: x\n"));
        HEAD.replace("spec:", &format!("  labels:\n{labels}spec:")) + " []\n"
    }),
    ("annotations that nobody knows", |bytes| {
        let every = numbered(bytes, |it| format!("    headwater.dev/a{it}: x\n"));
        HEAD.replace("spec:", &format!("  annotations:\n{every}spec:")) + " []\n"
    }),
    ("aliases", |bytes| format!("a: &a [x]\nb: [{}]\n", repeated("*a, ", bytes))),
    ("anchors", |bytes| numbered(bytes, |it| format!("- &a{it} [*a{}]\n", it.saturating_sub(1)))),
    ("tags", |bytes| group(&format!(" [{}]", repeated("!!str a, ", bytes)))),
    ("comments", |bytes| format!("{}{}", repeated("# nothing\n", bytes), group(" []"))),
    ("empty lines", |bytes| format!("{HEAD}{}  - a\n", repeated("\n", bytes))),
    ("spaces", |bytes| format!("{HEAD}{}[]\n", repeated(" ", bytes))),
    ("tabs", |bytes| format!("{HEAD}{}[]\n", repeated("\t", bytes))),
    ("carriage returns", |bytes| repeated("a: 1\r", bytes)),
    ("byte order marks", |bytes| repeated("\u{feff}", bytes)),
    ("nothing but NUL", |bytes| repeated("\0", bytes)),
    ("wide letters", |bytes| group(&format!(" [{}]", repeated("é, \u{10ffff}, ", bytes)))),
    ("a number without end", |bytes| group(&format!(" {}", "9".repeat(bytes)))),
    ("empty documents", |bytes| repeated("---\n", bytes)),
    ("small documents", |bytes| repeated("a\n---\n", bytes)),
    ("the same document again", |bytes| repeated(&format!("{HEAD} []\n---\n"), bytes)),
    ("many documents", |bytes| {
        numbered(bytes, |it| HEAD.replace("group", &format!("group-{it}")) + " []\n---\n")
    }),
    ("broken references", |bytes| {
        numbered(bytes, |it| HEAD.replace("group", &format!("group-{it}")) + " [x, y]\n---\n")
    }),
    ("everybody pulls from the next", |bytes| {
        numbered(bytes, |it| {
            format!(
                "apiVersion: headwater.dev/v1alpha1\nkind: DistributionPoint\nmetadata: {{name: \
                 p{it}}}\nspec: {{site: s, siteSystem: s, pull: {{sources: \
                 [{{distributionPoint: p{}}}]}}}}\n---\n",
                it + 1
            )
        })
    }),
    ("directives", |bytes| repeated("%YAML 1.2\n", bytes)),
    ("explicit keys", |bytes| repeated("? a\n: b\n", bytes)),
    ("colons", |bytes| repeated("a:", bytes)),
    ("commas", |bytes| group(&format!(" [{}]", repeated(",", bytes)))),
    ("quotes", |bytes| repeated("'", bytes)),
    ("URLs with open quotations", |bytes| {
        group(&format!("\n  - \"{}\"", repeated("a:// `x", bytes)))
    }),
    ("pipes", |bytes| repeated("|\n", bytes)),
];
