//! Throwaway.
use super::*;
use futures::StreamExt;
use std::{
    io::{Read, Write},
    time::Instant,
};

fn server() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let block = vec![7_u8; 256 << 10];
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let block = block.clone();
            std::thread::spawn(move || {
                stream.set_nodelay(true).unwrap();
                let mut buffer = [0; 4096];
                loop {
                    let read = stream.read(&mut buffer).unwrap_or(0);
                    if read == 0 {
                        return;
                    }
                    if buffer.starts_with(b"GET /large") {
                        write!(
                            stream,
                            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
                            1_u64 << 30
                        )
                        .unwrap();
                        for _ in 0..4096 {
                            stream.write_all(&block).unwrap();
                        }
                    } else {
                        stream
                            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
                            .unwrap();
                    }
                }
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore]
async fn speed() {
    let url = server();
    let theirs = reqwest::Client::builder()
        .read_timeout(std::time::Duration::from_secs(60))
        .connect_timeout(std::time::Duration::from_secs(10))
        .no_proxy()
        .build()
        .unwrap();
    let ours = plain();
    let cpu = || rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let cpu = || {
        let it = cpu();
        it.tv_sec as f64 + it.tv_nsec as f64 / 1e9
    };
    for _ in 0..3 {
        let (began, c) = (Instant::now(), cpu());
        let mut blocks = theirs.get(format!("{url}/large")).send().await.unwrap().bytes_stream();
        let (mut n, mut k) = (0_u64, 0);
        while let Some(b) = blocks.next().await {
            n += b.unwrap().len() as u64;
            k += 1;
        }
        println!("reqwest large {:?} cpu {:.2} {n} in {k}", began.elapsed(), cpu() - c);
        let (began, c) = (Instant::now(), cpu());
        let mut blocks = ours.get(format!("{url}/large")).send().await.unwrap().bytes_stream();
        let (mut n, mut k) = (0_u64, 0);
        while let Some(b) = blocks.next().await {
            n += b.unwrap().len() as u64;
            k += 1;
        }
        println!("ours    large {:?} cpu {:.2} {n} in {k}", began.elapsed(), cpu() - c);
        let (began, c) = (Instant::now(), cpu());
        for _ in 0..5000 {
            let r = theirs.get(format!("{url}/small")).send().await.unwrap();
            assert_eq!(r.bytes().await.unwrap().len(), 5);
        }
        println!("reqwest small {:?} each, cpu {:.2}", began.elapsed() / 5000, cpu() - c);
        let (began, c) = (Instant::now(), cpu());
        for _ in 0..5000 {
            let r = ours.get(format!("{url}/small")).send().await.unwrap();
            assert_eq!(body(r).await.unwrap().len(), 5);
        }
        println!("ours    small {:?} each, cpu {:.2}", began.elapsed() / 5000, cpu() - c);
    }
}
