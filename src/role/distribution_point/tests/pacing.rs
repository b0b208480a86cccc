//! Open hours and rate limits: held by the site server that sends, not used by a point that pulls.

use std::time::{Duration, Instant};

use jiff::{ToSpan, tz::TimeZone};

use super::world::{World, observed, pull, some_files, state};
use crate::{
    clock,
    model::{
        DistributionPointSettings, HourlyRate, Interval, OpenHours, Pacing, Priority, Pulse,
        RateLimit, Weekday,
    },
    role::package_library::PackageLibraryError,
    wire::agent::AgentOutcome,
};

/// Hours of a day that is neither today nor one of those beside it, wherever that is.
fn other_day() -> OpenHours {
    let day = clock::now().to_zoned(TimeZone::UTC).checked_add(3.days()).unwrap().weekday();
    let day = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ][usize::try_from(day.to_monday_zero_offset()).unwrap()];
    OpenHours { days: vec![day], from: 0, to: 24, minimum_priority: Priority::Low }
}

fn per_hour(kilobytes_per_second: u32) -> RateLimit {
    let per_hour = vec![HourlyRate { from: 0, to: 24, kilobytes_per_second }];
    RateLimit { per_hour, pulse: None }
}

fn pacing(schedule: &[OpenHours], rate_limit: Option<RateLimit>) -> Pacing {
    Pacing { priority: Priority::Medium, schedule: schedule.to_vec(), rate_limit }
}

#[tokio::test]
async fn outside_of_the_hours_nothing_is_sent_and_it_is_said_when_they_open() {
    let world = World::new(90).await;
    let point = world.standard_point(1).await;
    world.take(1, 1, &some_files()).await;
    let closed = pacing(&[other_day()], None);
    let outcome = world.send_paced(1, 1, &point, Some(&closed)).await.unwrap();
    let AgentOutcome::Waits { until, why } = outcome else { panic!("{outcome:?}") };
    let ahead = until.duration_since(clock::now());
    assert!((24..=96).contains(&ahead.as_hours()), "{until}");
    assert!(why.contains("closed to packages of priority Medium"), "{why}");
    assert!(observed(&point).await.packages.is_empty());
    assert!(!world.directory(1).join("library/pending/CEN00001.json").exists());
    // For what is urgent there may be other hours.
    let urgent = OpenHours { days: Vec::new(), minimum_priority: Priority::High, ..other_day() };
    let high = Pacing { priority: Priority::High, ..pacing(&[other_day(), urgent.clone()], None) };
    assert!(state(world.send_paced(1, 1, &point, Some(&high)).await.unwrap()).available());
    let never = world.send_paced(1, 1, &point, Some(&pacing(&[urgent], None))).await;
    assert!(matches!(never, Err(PackageLibraryError::NeverOpen(Priority::Medium))), "{never:?}");
}

#[tokio::test]
async fn small_and_large_files_go_no_faster_than_the_limit() {
    let world = World::new(91).await;
    world.take(1, 1, &some_files()).await;
    let bytes = observed_bytes();
    for (host, limit) in [(1, per_hour(2_000)), (2, pulse(512, 1))] {
        let point = world.standard_point(host).await;
        let begun = Instant::now();
        let limit = pacing(&[], Some(limit));
        let sent = state(world.send_paced(1, 1, &point, Some(&limit)).await.unwrap());
        let took = begun.elapsed();
        assert!(sent.available());
        // A block goes at once: of either limit half a megabyte.
        let least = match &limit.rate_limit {
            Some(RateLimit { pulse: None, .. }) => (bytes - 500_000) / 2_000,
            _ => (bytes / 512_000) * 1_000,
        };
        assert!(took >= Duration::from_millis(least), "{bytes} bytes took {took:?}");
    }
}

fn observed_bytes() -> u64 {
    let mut contents: Vec<_> = some_files().into_iter().map(|(_, content)| content).collect();
    contents.sort();
    contents.dedup();
    contents.iter().map(|content| content.len() as u64).sum()
}

fn pulse(block_kilobytes: u32, seconds: u32) -> RateLimit {
    let pulse = Some(Pulse { block_kilobytes, delay: Interval::seconds(seconds) });
    RateLimit { per_hour: Vec::new(), pulse }
}

#[tokio::test]
async fn a_point_that_pulls_keeps_its_limits_and_does_not_use_them() {
    let world = World::new(92).await;
    let source = world.standard_point(1).await;
    let wanted = world.take(1, 1, &some_files()).await;
    world.send(1, 1, &source).await;
    let limits = DistributionPointSettings {
        schedule: vec![other_day()],
        // The package would take days.
        rate_limit: Some(pulse(1, 3_600)),
        ..world.pulling(&[(1, 1)])
    };
    assert_eq!(limits.pacing(Priority::High), None);
    let point = world.open(2, true).await;
    point.configure("dp-2".parse().unwrap(), limits.clone()).await.unwrap();
    let pulled = pull(&point, 1, &wanted).await;
    assert!(pulled.available());
    let kept = observed(&point).await.settings;
    assert_eq!(kept, limits);
    // Switched off, they take effect again (PDP-4).
    let standard = DistributionPointSettings { pull: None, ..limits };
    let effective = standard.pacing(Priority::High).unwrap();
    assert_eq!((effective.schedule, effective.rate_limit), (kept.schedule, kept.rate_limit));
    assert_eq!(super::world::standard().pacing(Priority::High), None);
}
