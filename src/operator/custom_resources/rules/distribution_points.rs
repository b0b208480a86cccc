//! Of distribution points and packages (PDP-2, PDP-3, PDP-8, SUP-9).

use super::Rule;

pub(super) fn rules() -> Vec<Rule> {
    let mut rules = pulling();
    rules.extend(gateway());
    for at in ["spec.schedule[]", "spec.rateLimit.perHour[]"] {
        rules.push(
            Rule::new(
                at,
                "self.from < self.to",
                "hours from <<self.from>> to <<self.to>> are not a span of one day",
            )
            .help("write `from` (0 to 23) and a later `to` (1 to 24); a night is two spans")
            .field(".to"),
        );
    }
    rules.extend(multicast());
    rules
}

fn pulling() -> Vec<Rule> {
    vec![
        Rule::new(
            "",
            "!has(self.spec.pull) || (has(self.spec.pull.enabled) && !self.spec.pull.enabled) || \
             self.spec.pull.sources.size() > 0",
            "pull distribution point `<<self.metadata.name>>` has no source",
        )
        .help("name at least one distribution point, or write `enabled: false`")
        .field(".spec.pull.sources")
        .required(),
        Rule::new(
            "",
            "!has(self.spec.pull) || \
             !self.spec.pull.sources.exists(it, it.distributionPoint == self.metadata.name)",
            "distribution point `<<self.metadata.name>>` is its own source",
        )
        .help("name another distribution point: content has to come from there")
        .field(".spec.pull.sources"),
    ]
}

/// What a cloud management gateway cannot do.
fn gateway() -> Vec<Rule> {
    let on = |key: &str| {
        format!("has(self.spec.{key}) && has(self.spec.{key}.enabled) && self.spec.{key}.enabled")
    };
    let pulls = "has(self.spec.pull) && !(has(self.spec.pull.enabled) && !self.spec.pull.enabled)";
    let carried = "has(self.spec.prestaged) && self.spec.prestaged";
    let plain = "has(self.spec.protocol) && self.spec.protocol == 'HTTP'";
    [
        (".spec.pxe", on("pxe"), "boot computers", "remove `pxe`"),
        (".spec.multicast", on("multicast"), "multicast", "remove `multicast`"),
        (
            ".spec.prestaged",
            carried.to_owned(),
            "take content that was carried to it by hand",
            "remove `prestaged`",
        ),
        (".spec.protocol", plain.to_owned(), "serve over plain HTTP", "remove `protocol`"),
        (
            ".spec.pull",
            pulls.to_owned(),
            "be a pull distribution point",
            "remove `pull`: a gateway can only be a source",
        ),
    ]
    .into_iter()
    .map(|(field, written, what, help)| {
        let cel = format!(
            "!has(self.spec.type) || self.spec.type != 'CloudManagementGateway' || !({written})"
        );
        let message =
            format!("`<<self.metadata.name>>` is a cloud management gateway and cannot {what}");
        Rule::new("", cel, message).help(help).field(field).forbidden()
    })
    .collect()
}

fn multicast() -> [Rule; 2] {
    let address = r"(22[4-9]|23[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}";
    let parts = [(0, 24), (1, 16), (2, 8), (3, 0)];
    let number: Vec<String> = parts
        .into_iter()
        .map(|(part, bits)| format!("int(it.trim().split('.')[{part}]) * {}", 1_u32 << bits))
        .collect();
    let number = number.join(" + ");
    [
        Rule::new(
            "spec.multicast.addresses",
            format!(
                r"self.matches(r'^\s*{address}\s*-\s*{address}\s*$') && self.split('-').map(it, {number}).isSorted()"
            ),
            "`<<self>>` is not a range of multicast addresses",
        )
        .help("write the first and the last one, such as `239.0.0.1-239.0.0.254`"),
        Rule::new(
            "spec.multicast.ports",
            r"self.matches(r'^\s*0*[1-9][0-9]{0,4}\s*-\s*0*[1-9][0-9]{0,4}\s*$') && self.split('-').map(it, int(it.trim())).isSorted() && self.split('-').all(it, int(it.trim()) <= 65535)",
            "`<<self>>` is not a range of ports",
        )
        .help("write the first and the last one, such as `64001-65000`"),
    ]
}

pub(super) fn package() -> Vec<Rule> {
    let list = |key: &str| format!("(has(self.{key}) && self.{key}.size() > 0)");
    let selected =
        [list("classifications"), list("products"), list("kb"), "has(self.since)".to_owned()];
    vec![
        Rule::new("spec.packageId", "self == oldSelf", "a package ID never changes").help(
            "write `<<oldSelf>>` again, or declare another package: distribution points keep content \
             under the ID",
        ),
        Rule::new(
            "spec.source.updates",
            selected.join(" || "),
            "the package would have the files of all updates: nothing is selected",
        )
        .help("write `classifications`, `products`, `kb` or `since`")
        .required(),
    ]
}
