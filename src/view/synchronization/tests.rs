use super::*;
use crate::model::{
    PointSynchronization, SetAsideUpdate, StatusMessage, StatusMessageId, SynchronizationCounts,
    SynchronizationProgress, SynchronizationRun, SynchronizationWait, UpdateIdentity,
};

fn point() -> PointSynchronization {
    PointSynchronization {
        name: "cen-active".parse().unwrap(),
        site: "CEN".parse().unwrap(),
        progress: None,
        runs: Vec::new(),
        set_aside: Vec::new(),
    }
}

fn message(id: StatusMessageId) -> StatusMessage {
    StatusMessage {
        id,
        at: "2026-11-20T08:00:00Z".parse().unwrap(),
        site: "CEN".parse().unwrap(),
        subject: "cen-active".to_owned(),
        text: "what happened".to_owned(),
    }
}

fn progress() -> SynchronizationProgress {
    SynchronizationProgress {
        began_at: "2026-11-20T08:00:00Z".parse().unwrap(),
        from: "http://wsus.example:8530".to_owned(),
        done: 1_000,
        total: 61_000,
        rate: 500,
        waits: None,
    }
}

#[test]
fn a_point_that_synchronizes_says_how_far_how_fast_and_how_long() {
    let mut point = point();
    point.progress = Some(progress());
    let told = message(StatusMessageId::SynchronizingUpdateServices);
    let status = SynchronizationStatus::of(point.clone(), Some(&told));
    insta::assert_snapshot!(synchronization_line(&status), @"CEN cen-active: the update services synchronize, 1000 of 61000 updates, 500/s, 2m 00s left");
    point.progress.as_mut().unwrap().waits = Some(SynchronizationWait {
        until: "2026-11-20T08:05:00Z".parse().unwrap(),
        why: "upstream is busy".to_owned(),
    });
    let status = SynchronizationStatus::of(point, Some(&told));
    insta::assert_snapshot!(synchronization_line(&status), @"CEN cen-active: the update services synchronize, 1000 of 61000 updates, 500/s, 2m 00s left; waits until 08:05:00Z: upstream is busy");
}

#[test]
fn a_point_that_failed_says_when_it_is_tried_again_and_what_was_set_aside() {
    let mut point = point();
    let identity = UpdateIdentity { update_id: uuid::Uuid::from_u128(7), revision: 200 };
    point.set_aside = vec![SetAsideUpdate {
        identity,
        reason: "its document is no XML".to_owned(),
        at: "2026-11-20T07:00:00Z".parse().unwrap(),
    }];
    point.runs = vec![SynchronizationRun {
        began_at: "2026-11-20T07:58:55Z".parse().unwrap(),
        finished_at: "2026-11-20T08:00:00Z".parse().unwrap(),
        from: "http://wsus.example:8530".to_owned(),
        counts: SynchronizationCounts { new: 40, changed: 3, expired: 1, set_aside: 1 },
        failed: Some("the server is gone".to_owned()),
    }];
    let told = message(StatusMessageId::SynchronizationFailed);
    let status = SynchronizationStatus::of(point, Some(&told));
    assert_eq!(status.retry_at, Some("2026-11-20T09:00:00Z".parse().unwrap()));
    let report = SynchronizationReport::of(vec![status]);
    assert!(!report.is_under_way());
    insta::assert_snapshot!(synchronization_text(&report), @r"
    CEN cen-active: failed, tried again at 2026-11-20 09:00:00Z; 1 update set aside
      BEGAN                 TOOK    NEW  CHANGED  EXPIRED  SET ASIDE  OUTCOME
      2026-11-20 07:58:55Z  1m 05s   40        3        1          1  failed: the server is gone
      set aside: 00000000-0000-0000-0000-000000000007.200: its document is no XML
    ");
}
