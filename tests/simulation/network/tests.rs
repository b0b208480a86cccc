//! Tests of the network alone: connections between computers on which nothing runs.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use headwater::world::{Accepts, Duplex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout},
};

use super::{Crash, Links, Network, connection::WINDOW, stream::Stream};

const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

/// Longer than anything takes that is going to happen at all.
const LONG: Duration = Duration::from_hours(1);

fn network(seed: u64) -> Network {
    let network = Network::new(seed);
    network.attach("a", A);
    network.attach("b", B);
    network
}

/// A connection from A to B: its ends there.
async fn connected(network: &Network) -> (Stream, Box<dyn Duplex>) {
    let mut port = network.listen(B, SocketAddr::new(B, 80)).unwrap();
    let client = network.clone().connect(A, port.address()).await.unwrap();
    let (server, _) = port.accept().await.unwrap();
    (client, server)
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap()
}

fn kind<T: std::fmt::Debug>(result: io::Result<T>) -> io::ErrorKind {
    result.unwrap_err().kind()
}

#[tokio::test(start_paused = true)]
async fn each_direction_takes_its_latency() {
    let network = network(1);
    network.delay(Links::From(A, B), 1000);
    let began = Instant::now();
    let (mut client, mut server) = connected(&network).await;
    // There, back, and there again until the port has it.
    let handshake = milliseconds(began);
    assert!((2000..2100).contains(&handshake), "{handshake}");

    let began = Instant::now();
    client.write_all(b"ping").await.unwrap();
    assert_eq!(server.read_u32().await.unwrap().to_be_bytes(), *b"ping");
    let there = milliseconds(began);
    assert!((1001..1030).contains(&there), "{there}");

    let began = Instant::now();
    server.write_all(b"pong").await.unwrap();
    client.read_u32().await.unwrap();
    let back = milliseconds(began);
    assert!((1..30).contains(&back), "{back}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_keeps_its_order_and_connections_overtake_each_other() {
    let mut overtaken = 0;
    for seed in 0..20 {
        let network = network(seed);
        let (mut first, mut first_end) = connected(&network).await;
        let (mut second, mut second_end) = connected(&network).await;
        for byte in 0..100 {
            first.write_u8(byte).await.unwrap();
        }
        second.write_u8(0).await.unwrap();
        let read = async {
            for byte in 0..100 {
                assert_eq!(first_end.read_u8().await.unwrap(), byte);
            }
            Instant::now()
        };
        let other = async {
            second_end.read_u8().await.unwrap();
            Instant::now()
        };
        let (read, other) = tokio::join!(read, other);
        overtaken += u32::from(other < read);
    }
    assert!(overtaken > 0, "what was sent later never arrived earlier");
}

#[tokio::test(start_paused = true)]
async fn who_writes_waits_for_who_reads() {
    let network = network(2);
    let (mut client, mut server) = connected(&network).await;
    let all = vec![7; 3 * WINDOW];
    let mut written = 0;
    while let Ok(more) = timeout(LONG, client.write(&all[written..])).await {
        written += more.unwrap();
    }
    assert_eq!(written, WINDOW);

    let rest = async {
        client.write_all(&all[written..]).await.unwrap();
        client.shutdown().await.unwrap();
    };
    let mut read = Vec::new();
    let (read_all, ()) = tokio::join!(server.read_to_end(&mut read), rest);
    assert_eq!((read_all.unwrap(), read), (all.len(), all));
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_shared_by_all_connections_over_the_link() {
    let network = network(3);
    let (mut first, mut first_end) = connected(&network).await;
    let (mut second, mut second_end) = connected(&network).await;
    network.slow(Links::From(A, B), Some(10_000));
    let began = Instant::now();
    first.write_all(&vec![0; 50_000]).await.unwrap();
    second.write_all(&vec![0; 50_000]).await.unwrap();
    let mut bytes = vec![0; 50_000];
    first_end.read_exact(&mut bytes).await.unwrap();
    let half = milliseconds(began);
    second_end.read_exact(&mut bytes).await.unwrap();
    let all = milliseconds(began);
    assert!((5000..5050).contains(&half) && (10_000..10_050).contains(&all), "{half} {all}");
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_over_a_cut_link_arrives_after_it_is_mended() {
    let network = network(4);
    let (mut client, mut server) = connected(&network).await;
    network.cut(Links::From(A, B));
    client.write_all(b"one").await.unwrap();
    client.write_all(b"two").await.unwrap();
    let mut bytes = [0; 6];
    timeout(LONG, server.read(&mut bytes)).await.unwrap_err();
    // The other way it goes on, until the window is full: the receipts do not get through.
    let (mut sent, mut reply) = (0, vec![1; 3 * WINDOW]);
    while let Ok(more) = timeout(LONG, server.write(&reply[sent..])).await {
        sent += more.unwrap();
        client.read_exact(&mut reply[..1]).await.unwrap();
    }
    assert_eq!(sent, WINDOW);

    network.mend(Links::Of(B));
    let began = Instant::now();
    server.read_exact(&mut bytes).await.unwrap();
    assert_eq!(bytes, *b"onetwo");
    assert!(milliseconds(began) < 1100);
    assert!(server.write(&reply[sent..]).await.unwrap() > 0);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_to_connect_waits_for_a_link_that_is_cut_one_way() {
    for cut in [Links::From(A, B), Links::From(B, A), Links::Between(B, A), Links::All] {
        let network = network(5);
        let port = network.listen(B, "0.0.0.0:80".parse().unwrap()).unwrap();
        network.cut(cut);
        let mut connecting = Box::pin(network.clone().connect(A, SocketAddr::new(B, 80)));
        let began = Instant::now();
        assert!(timeout(LONG, &mut connecting).await.is_err(), "{cut:?}");
        assert_eq!(began.elapsed(), LONG);
        network.mend(cut);
        connecting.await.unwrap();
        drop(port);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_connected_over_a_link_cut_since_is_accepted_after_it_is_mended() {
    let network = network(6);
    let mut port = network.listen(B, SocketAddr::new(B, 80)).unwrap();
    let _client = network.clone().connect(A, port.address()).await.unwrap();
    let client = network.clone().connect(A, port.address());
    network.delay(Links::From(B, A), 5000);
    let (client, ()) = tokio::join!(client, async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        network.cut(Links::From(A, B));
    });
    assert_eq!(
        kind(client.map(drop).and(Err::<(), _>(io::ErrorKind::Other.into()))),
        io::ErrorKind::Other
    );
    port.accept().await.unwrap();
    assert!(timeout(LONG, port.accept()).await.is_err(), "it was accepted through a cut link");
}

#[tokio::test(start_paused = true)]
async fn a_reset_is_heard_by_both_ends_whatever_they_do() {
    let network = network(7);
    let (mut client, mut server) = connected(&network).await;
    client.write_all(b"lost").await.unwrap();
    let mut bytes = [0; 8];
    let (read, ()) = tokio::join!(client.read(&mut bytes), async {
        tokio::time::sleep(LONG).await;
        network.reset(Links::Between(A, B));
    });
    assert_eq!(kind(read), io::ErrorKind::ConnectionReset);
    assert_eq!(kind(client.write(b"x").await), io::ErrorKind::ConnectionReset);
    assert_eq!(kind(server.read(&mut bytes).await), io::ErrorKind::ConnectionReset);
}

#[tokio::test(start_paused = true)]
async fn one_way_may_end_while_the_other_goes_on() {
    let network = network(8);
    let (mut client, mut server) = connected(&network).await;
    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    let mut text = String::new();
    server.read_to_string(&mut text).await.unwrap();
    server.write_all(b"answer").await.unwrap();
    drop(server);
    client.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "questionanswer");
    assert_eq!(kind(client.write(b"x").await), io::ErrorKind::BrokenPipe);
}

#[tokio::test(start_paused = true)]
async fn who_closes_before_all_is_read_resets_and_so_does_who_is_gone() {
    let network = network(9);
    let (mut client, mut server) = connected(&network).await;
    client.write_all(b"unread").await.unwrap();
    server.write_all(b"no").await.unwrap();
    drop(server);
    let mut bytes = [0; 2];
    client.read_exact(&mut bytes).await.unwrap();
    assert_eq!(kind(client.read(&mut bytes).await), io::ErrorKind::ConnectionReset);

    let (mut client, server) = connected(&network).await;
    drop(server);
    assert_eq!(client.read(&mut bytes).await.unwrap(), 0);
    client.write_all(b"is anybody there?").await.unwrap();
    tokio::time::sleep(LONG).await;
    assert_eq!(kind(client.write(b"x").await), io::ErrorKind::ConnectionReset);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_reached_where_nothing_listens_or_is_off() {
    let network = network(10);
    let to = SocketAddr::new(B, 80);
    let began = Instant::now();
    let refused = network.clone().connect(A, to).await.map(drop);
    assert_eq!(kind(refused), io::ErrorKind::ConnectionRefused);
    assert!((2..60).contains(&milliseconds(began)));

    network.crash(B, Crash::Power);
    let mut connecting = Box::pin(network.clone().connect(A, to));
    assert!(timeout(LONG, &mut connecting).await.is_err());
    network.switch_on(B);
    assert_eq!(kind(connecting.await.map(drop)), io::ErrorKind::ConnectionRefused);
    let nobody = network.clone().connect(A, "10.0.0.9:80".parse().unwrap());
    assert!(timeout(LONG, nobody).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_port_belongs_to_one_and_numbers_are_given_in_turn() {
    let network = network(11);
    let port = |computer, at: &str| network.listen(computer, at.parse().unwrap());
    let first = port(A, "127.0.0.2:80").unwrap();
    let second = port(A, "127.0.0.3:80").unwrap();
    assert_eq!(kind(port(A, "127.0.0.2:80").map(drop)), io::ErrorKind::AddrInUse);
    assert_eq!(kind(port(A, "0.0.0.0:80").map(drop)), io::ErrorKind::AddrInUse);
    assert_eq!(kind(port(A, "10.0.0.2:80").map(drop)), io::ErrorKind::AddrNotAvailable);
    drop((first, second));
    let all = port(A, "0.0.0.0:80").unwrap();
    let [next, after] = [(); 2].map(|()| port(A, "10.0.0.1:0").unwrap());
    assert_eq!(next.address().port() + 1, after.address().port());

    // Loopback of another computer is another one, and takes no time.
    let began = Instant::now();
    let local = "127.0.0.9:80".parse().unwrap();
    network.clone().connect(A, local).await.unwrap();
    let elsewhere = network.clone().connect(B, local).await.map(drop);
    assert_eq!(kind(elsewhere), io::ErrorKind::ConnectionRefused);
    assert_eq!(milliseconds(began), 0);
    drop(all);
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_peers_hear_what_the_kind_of_crash_lets_them_hear() {
    let (mut ended, mut reset, mut silent) = (0, 0, 0);
    for (how, seed) in [Crash::Program, Crash::Power]
        .into_iter()
        .flat_map(|it| (0..20).map(move |seed| (it, seed)))
    {
        let network = network(seed);
        let (mut client, server) = connected(&network).await;
        let begun = Instant::now();
        network.crash(B, how);
        drop(server);
        let mut bytes = [0; 1];
        match (how, timeout(LONG, client.read(&mut bytes)).await) {
            (Crash::Program, Ok(Ok(0))) => ended += 1,
            (Crash::Program, Ok(Err(_))) => reset += 1,
            // Not at once: the system gives the other end up.
            (Crash::Power, read) => {
                assert_eq!(kind(read.unwrap()), io::ErrorKind::ConnectionReset);
                assert!(begun.elapsed() >= Duration::from_mins(1));
                silent += 1;
            }
            (_, heard) => panic!("{how:?} {seed}: {heard:?}\n{}", network.last_events()),
        }
    }
    assert!((1..20).contains(&ended) && ended + reset == 20, "{ended} {reset}");
    assert_eq!(silent, 20);
}
