//! The files of updates at update points, as a table, and what has failed.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment};

use super::{
    UpdatePointStatus,
    plain::plain,
    table::{lines, table},
};
use crate::model::UpdateContentState;

/// Failures that are shown for each point.
const SHOWN: usize = 5;

/// The table; none if no point has files or shall have some.
pub(super) fn update_content(points: &[UpdatePointStatus]) -> Option<String> {
    let header =
        ["SITE", "UPDATE POINT", "UPDATE FILES", "BYTES", "MISSING", "BYTES MISSING", "STATUS"];
    let mut table = table(&header, &[2, 3, 4, 5]);
    let mut failures = String::new();
    let mut is_empty = true;
    for point in points {
        let Some(content) = &point.content else { continue };
        is_empty = false;
        let number = |it: u64| Cell::new(it).set_alignment(CellAlignment::Right);
        table.add_row([
            Cell::new(&point.site),
            Cell::new(&point.name),
            number(content.held),
            number(content.held_bytes),
            number(content.missing),
            number(content.missing_bytes),
            Cell::new(status(content)),
        ]);
        for failed in content.failures.iter().take(SHOWN) {
            // Writing to a string does not fail.
            let _ = writeln!(
                failures,
                "{}: file {} has not come ({} tries, again at {}): {}",
                point.name,
                plain(&failed.name),
                failed.tries,
                super::status::second(failed.again_at),
                plain(&failed.reason)
            );
        }
    }
    (!is_empty).then(|| format!("{}{failures}", lines(&table)))
}

fn status(content: &UpdateContentState) -> String {
    let UpdateContentState { missing, coming, failed, hindrance, .. } = content;
    match hindrance {
        Some(why) => format!("none can be fetched: {}", plain(why)),
        None if *missing == 0 => "all there".to_owned(),
        None if *failed > 0 => format!("{coming} coming, {failed} tried in vain"),
        None => format!("{coming} coming"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailedUpdateFile;

    fn point(content: Option<UpdateContentState>) -> UpdatePointStatus {
        UpdatePointStatus { content, ..UpdatePointStatus::active("CEN", "cen-active") }
    }

    #[test]
    fn what_is_missing_is_shown_with_its_reason() {
        assert_eq!(update_content(&[point(None)]), None);
        let all = UpdateContentState { held: 3, held_bytes: 5_000_000_000, ..Default::default() };
        assert!(update_content(&[point(Some(all.clone()))]).unwrap().contains("all there"));
        let failed = FailedUpdateFile {
            name: "86.cab".to_owned(),
            size: 7,
            reason: "its SHA-1 is another\u{1b}".to_owned(),
            tries: 2,
            again_at: "2026-11-20T08:00:00Z".parse().unwrap(),
        };
        let content = UpdateContentState {
            missing: 2,
            missing_bytes: 9,
            coming: 1,
            failed: 1,
            failures: vec![failed],
            ..all
        };
        let shown = update_content(&[point(Some(content.clone()))]).unwrap();
        insta::assert_snapshot!(shown, @r"
        SITE  UPDATE POINT  UPDATE FILES       BYTES  MISSING  BYTES MISSING  STATUS
        CEN   cen-active               3  5000000000        2              9  1 coming, 1 tried in vain
        cen-active: file 86.cab has not come (2 tries, again at 2026-11-20 08:00:00Z): its SHA-1 is another\u{1b}
        ");
        let hindrance = Some("the disk is full".to_owned());
        let hindered = UpdateContentState { hindrance, ..content };
        let shown = update_content(&[point(Some(hindered))]).unwrap();
        assert!(shown.contains("none can be fetched: the disk is full"), "{shown}");
    }
}
