//! `headwater ports`: who talks to whom on which ports, and what really answers there.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, ValueEnum};

use super::{ExitCode, Failure, Printer, manifests::Manifests, operation, sources};
use crate::{
    check::closest,
    clock,
    model::{Hierarchy, Name, Placement, SiteCode},
    net::Trust,
    ports::{Direction, Flow, flows, flows_where, host_rules},
    probe::RoleToProbe,
    role::controller::{Controller, Purpose, Session},
    view::{
        PortsCheck,
        diagram::{mermaid, svg},
        ports_check_json, ports_check_text, ports_csv, ports_diagram, ports_json, ports_markdown,
        ports_network_policies, ports_nftables, ports_text, ports_windows_firewall,
    },
};

/// What `headwater ports` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 shown; 1 failed or a manifest is not valid; 2 the command line is \
                  wrong or a file cannot be read. With --check: 0 all ports are as they shall be, \
                  1 differences\n\n\
                  Examples:\n  headwater ports examples/contoso\n  \
                  headwater ports --output nftables --host cen-wsus examples/contoso\n  \
                  headwater ports --check examples/contoso"
)]
pub struct Arguments {
    #[command(flatten)]
    manifests: Manifests,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: PortsFormat,
    /// Only what concerns this site, by its code.
    #[arg(long, value_name = "CODE")]
    site: Option<SiteCode>,
    /// Only what concerns this site system.
    #[arg(long, value_name = "NAME")]
    host: Option<Name>,
    /// Which connections firewall rules are for.
    #[arg(long, value_enum, default_value_t, value_name = "WAY", conflicts_with = "check")]
    direction: Way,
    /// Connect to the ports of the roles, and say how they differ from what they shall be.
    #[arg(long)]
    check: bool,
    /// Verify certificates against the roots in this PEM file, and no others. Absent: against those
    /// that this computer trusts, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, and those of the
    /// hierarchy: its own authority, and `certificates/trusted.pem`.
    #[arg(long, value_name = "FILE", requires = "check")]
    ca: Option<PathBuf>,
}

/// How flows are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum PortsFormat {
    /// A table for people.
    #[default]
    #[value(alias = "text")]
    Table,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
    /// A table for a pull request or a wiki.
    Markdown,
    /// A diagram in Mermaid.
    Mermaid,
    /// A diagram as a picture.
    Svg,
    /// Rules for nftables, a table for each host.
    Nftables,
    /// A PowerShell script that makes rules of Windows Firewall.
    WindowsFirewall,
    /// Network policies for Kubernetes, one for each site system.
    Networkpolicy,
}

/// Which connections firewall rules are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Way {
    /// Those that others open to a host.
    #[default]
    In,
    /// Those that a host opens.
    Out,
    /// Both.
    Both,
}

impl From<Way> for Direction {
    fn from(way: Way) -> Self {
        match way {
            Way::In => Self::In,
            Way::Out => Self::Out,
            Way::Both => Self::Both,
        }
    }
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let (hierarchy, _) = sources::load_hierarchy(&arguments.manifests.paths, printer)?;
    known(&hierarchy, arguments.site.as_ref(), arguments.host.as_ref())?;
    if arguments.check {
        return check(arguments, &hierarchy, data, printer).await;
    }
    printer.result(&derived(arguments, &hierarchy))?;
    Ok(ExitCode::Success)
}

/// What the manifests say.
fn derived(arguments: &Arguments, hierarchy: &Hierarchy) -> String {
    let Arguments { manifests: _, output, site, host, direction, check: _, ca: _ } = arguments;
    let all = match output {
        // Whoever wants policies runs the site systems in pods.
        PortsFormat::Networkpolicy => flows_where(hierarchy, Placement::Kubernetes),
        _ => flows(hierarchy),
    };
    let chosen = |flow: &&Flow| {
        site.as_ref().is_none_or(|site| flow.concerns(hierarchy, site))
            && host.as_ref().is_none_or(|host| flow.touches(host))
    };
    let some = || all.iter().filter(chosen).cloned().collect::<Vec<_>>();
    let rules = || {
        let mut hosts = host_rules(hierarchy, &all);
        hosts.retain(|name, _| arguments.chooses(hierarchy, name));
        hosts
    };
    let direction = Direction::from(*direction);
    match output {
        PortsFormat::Table => ports_text(&some()),
        PortsFormat::Json => ports_json(hierarchy, &some()),
        PortsFormat::Csv => ports_csv(&some()),
        PortsFormat::Markdown => ports_markdown(&some()),
        PortsFormat::Mermaid => mermaid(&ports_diagram(hierarchy, &some(), site.as_ref())),
        PortsFormat::Svg => svg(&ports_diagram(hierarchy, &some(), site.as_ref())),
        PortsFormat::Nftables => ports_nftables(hierarchy, &rules(), direction),
        PortsFormat::WindowsFirewall => ports_windows_firewall(hierarchy, &rules(), direction),
        PortsFormat::Networkpolicy => ports_network_policies(hierarchy, &rules(), direction),
    }
}

/// What really answers.
async fn check(
    arguments: &Arguments,
    hierarchy: &Hierarchy,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let shown: fn(&PortsCheck) -> String = match arguments.output {
        PortsFormat::Table => ports_check_text,
        PortsFormat::Json => ports_check_json,
        _ => {
            let error = anyhow!("what --check finds is printed as `table` or `json`");
            return Err(Failure::new(ExitCode::Usage, error));
        }
    };
    let trust = match &arguments.ca {
        None => None,
        Some(file) => {
            Some(Trust::file(file).map_err(|error| Failure::new(ExitCode::Usage, error))?)
        }
    };
    let session = Session::open(data, Purpose::Look).await.map_err(operation)?;
    let controller = Controller::new(session).map_err(operation)?;
    let chosen = |role: &RoleToProbe<'_>| arguments.chooses(hierarchy, role.site_system());
    let found = controller.check_ports(hierarchy, trust, chosen).await;
    controller.close().await;
    let check = PortsCheck::of(hierarchy, &found.map_err(operation)?, clock::now());
    printer.result(&shown(&check))?;
    Ok(if check.differences() == 0 { ExitCode::Success } else { ExitCode::Failure })
}

impl Arguments {
    /// Whether a site system is among those that were asked for.
    fn chooses(&self, hierarchy: &Hierarchy, system: &Name) -> bool {
        let site = hierarchy.site_systems.get(system).map(|it| &it.site);
        self.host.as_ref().is_none_or(|host| host == system)
            && self.site.as_ref().is_none_or(|wanted| site == Some(wanted))
    }
}

/// Whether what was asked for exists: nothing at all would look like nothing to do.
fn known(
    hierarchy: &Hierarchy,
    site: Option<&SiteCode>,
    host: Option<&Name>,
) -> Result<(), Failure> {
    let missing = |what: &str, name: &str, all: Vec<&str>| {
        let help = match closest(name, all.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("there are {}", all.join(", ")),
        };
        Failure::new(ExitCode::Usage, anyhow!("there is no {what} `{name}`: {help}"))
    };
    if let Some(site) = site.filter(|site| !hierarchy.sites.contains_key(*site)) {
        let all = hierarchy.sites.keys().map(SiteCode::as_str).collect();
        return Err(missing("site", site.as_str(), all));
    }
    if let Some(host) = host.filter(|host| !hierarchy.site_systems.contains_key(*host)) {
        let all = hierarchy.site_systems.keys().map(Name::as_str).collect();
        return Err(missing("site system", host.as_str(), all));
    }
    Ok(())
}
