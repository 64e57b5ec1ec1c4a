//! Writing an answer takes no memory: it happens once for each login of each router.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use domain::access::facts::Holder;
use domain::access::grant::Grant;
use domain::id::{SessionId, SubscriberId};
use domain::network::nas::Vendor;
use domain::rate::{Bps, Burst, BurstSeconds, Bytes, Priority, RateLimit, UpDown};
use domain::refusal::Refusal;
use domain::sales::plan::{DeviceCap, PlanService};
use nas::{parse_rate_limit, reply_message, write_grant};
use radius::{PACKET_MAX, Place, Writer};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, which counts for each thread.
struct Counting;

// SAFETY: every call goes to the system's allocator with its arguments unchanged; the counter never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller answers for the layout, which goes on unchanged.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from the system's allocator with that layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

fn pair(bits: u64) -> UpDown<Bps> {
    UpDown::new(Bps::new(bits), Bps::new(bits))
}

fn grant(service: PlanService) -> Grant {
    let seconds = BurstSeconds::new(16).expect("a good time");
    Grant {
        session: SessionId::from_bytes([9; 16]),
        holder: Holder::Subscriber(SubscriberId::from_bytes([8; 16])),
        service,
        seconds_left: Some(u64::MAX),
        interim_seconds: 600,
        rate: Some(RateLimit {
            rate: pair(5_000_001),
            burst: Some(Burst {
                rate: pair(10_000_001),
                threshold: pair(4_000_001),
                seconds: UpDown::new(seconds, seconds),
            }),
            priority: Some(Priority::LOWEST),
            minimum: Some(pair(1_000_001)),
        }),
        device_cap: DeviceCap::ONE,
        data_left: Some(Bytes::new(1 << 40)),
        framed_ip: None,
        pool: "pool".parse().ok(),
        address_list: "paid".parse().ok(),
    }
}

#[test]
fn writing_a_grant_takes_no_memory() {
    for vendor in [Vendor::Mikrotik, Vendor::Generic] {
        for service in [PlanService::Hotspot, PlanService::Pppoe, PlanService::Static] {
            let grant = grant(service);
            let mut buffer = [0; PACKET_MAX];
            let mut writer = Writer::access_request(&mut buffer, 0, &[0; 16], Place::First);

            let taken = allocations(|| write_grant(vendor, &grant, &mut writer).unwrap());

            assert_eq!(taken, 0, "{vendor:?} {service:?}");
        }
    }
}

#[test]
fn writing_a_refusal_and_reading_a_limit_take_no_memory() {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::access_request(&mut buffer, 0, &[0; 16], Place::First);
    let trace = "7KQ2MX".parse().unwrap();

    assert_eq!(allocations(|| reply_message(&mut writer, Refusal::Unknown.sentence(), trace).unwrap()), 0);
    assert_eq!(allocations(|| assert!(parse_rate_limit(b"2M/10M 4M/20M 1500k/8M 16/16 8 1M/5M").is_ok())), 0);
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}
