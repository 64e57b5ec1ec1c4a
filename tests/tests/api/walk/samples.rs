//! A request that succeeds, for every route that changes something.

use admin_api::routes::Route;
use serde_json::{Value, json};
use tests::api::{Answer, Client};
use tests::furnished::{AWAITED, FAILED, STRAY, UNPROVEN, UNSERVED, WRONG};
use tests::furnished::{DEVICE, EMPTY, FAST, HOTSPOT, LONER, Party, gateway, house, partner, plan};

/// A request that succeeds.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// The route: `POST /v1/plans`.
    pub(crate) route: &'static str,
    /// What is sent; a text goes out as CSV.
    pub(crate) body: Option<Value>,
    /// Whose id stands in the path, where it is not the one that stands under the path.
    pub(crate) whose: Option<&'static str>,
}

fn bare(route: &'static str) -> Sample {
    Sample { route, body: None, whose: None }
}

fn with(route: &'static str, body: Value) -> Sample {
    Sample { route, body: Some(body), whose: None }
}

/// Requests that succeed one after the other for the owner of an ISP as it is furnished.
///
/// A route that is told to the audit stands here, or among [`super::audit::IN_TURN`], which one test goes through.
pub(crate) fn samples(of: &Party) -> Vec<Sample> {
    let of_people = [sales(of), subscribers(of), customers(of), network(of), people(of), places(of)];
    let of_others = [partners(of), money(of), messages(of)];
    of_people.into_iter().chain(of_others).flatten().collect()
}

fn sales(of: &Party) -> Vec<Sample> {
    let batch = json!({ "batch_id": of.id("/v1/batches") });
    vec![
        with("POST /v1/plans", plan(&format!("{}-new", of.mark), "static")),
        with("PATCH /v1/plans/{id}", json!({ "terms": { "rate": "3M/8M" } })),
        with("POST /v1/plans/{id}/preview", json!({ "terms": { "rate": "4M/9M" } })),
        with("POST /v1/batches", json!({ "plan_id": of.id(HOTSPOT), "count": 2, "note": of.mark })),
        with("POST /v1/vouchers", json!({ "plan_id": of.id(HOTSPOT), "phone": "0712345678" })),
        bare("POST /v1/vouchers/{id}/mark-sold"),
        with("POST /v1/vouchers/{id}/give", json!({ "customer_id": of.id("/v1/customers") })),
        with("POST /v1/vouchers/{id}/extend", json!({ "by": "1d" })),
        with("POST /v1/vouchers/mark-sold", batch.clone()),
        with("POST /v1/vouchers/extend", json!({ "choice": batch, "extend": { "by": "1d" } })),
        bare("POST /v1/vouchers/{id}/revoke"),
        with("POST /v1/vouchers/revoke", batch),
    ]
}

fn subscribers(of: &Party) -> Vec<Sample> {
    let mark = of.mark;
    let new = json!({ "username": format!("{mark}-new"), "password": "karibu sana", "plan_id": of.id("/v1/plans"),
        "customer_id": of.id("/v1/customers") });
    vec![
        with("POST /v1/subscribers", new),
        with("PATCH /v1/subscribers/{id}", json!({ "phone": "0712345679", "customer_id": of.id("/v1/customers") })),
        with("POST /v1/subscribers/{id}/move", json!({ "plan_id": of.id(FAST) })),
        with("POST /v1/subscribers/{id}/renew", json!({ "by": "30d" })),
        bare("POST /v1/subscribers/{id}/suspend"),
        bare("POST /v1/subscribers/{id}/resume"),
        with("POST /v1/subscribers/suspend", json!({ "usernames": [house(mark)] })),
        bare("POST /v1/operations/{id}/undo"),
        with(
            "POST /v1/subscribers/import",
            json!(format!("username,password,plan\n{mark}-from-a-table,karibu sana,{mark}-home\n")),
        ),
    ]
}

fn customers(of: &Party) -> Vec<Sample> {
    let (customer, ben) = (of.id("/v1/customers"), of.id("/v1/staff"));
    let import = with("POST /v1/customers/import", json!(format!("name,phone\nJuma {},0712345670\n", of.mark)));
    vec![
        with("POST /v1/customers", json!({ "name": format!("Amina {}", of.mark) })),
        with("PATCH /v1/customers/{id}", json!({ "notes": format!("{} pays at noon", of.mark) })),
        with("POST /v1/customers/{id}/assign", json!({ "staff_id": ben })),
        with("POST /v1/customers/transfer", json!({ "from": ben, "to": null })),
        with("POST /v1/customers/assign", json!({ "ids": [customer], "staff_id": ben })),
        import,
        Sample { whose: Some(LONER), ..bare("DELETE /v1/customers/{id}") },
    ]
}

fn network(of: &Party) -> Vec<Sample> {
    let device = json!({ "subscriber": of.id("/v1/subscribers"), "device": DEVICE });
    let mut named = device.clone();
    named["name"] = json!(format!("{} at the gate", of.mark));
    let hill = json!({ "name": format!("{}-top", of.mark), "address": "10.77.0.1", "secret": "correct-horse" });
    vec![
        bare("POST /v1/sessions/{id}/disconnect"),
        with("POST /v1/devices/name", named),
        with("POST /v1/devices/block", device.clone()),
        with("POST /v1/devices/unblock", device.clone()),
        with("POST /v1/devices/release", device),
        with("POST /v1/exceptions/{id}/resolve", json!({ "how": format!("{} is back", of.mark) })),
        with("POST /v1/routers", hill),
        with("PATCH /v1/routers/{id}", json!({ "coa_port": 3800 })),
        bare("DELETE /v1/routers/{id}"),
    ]
}

fn people(of: &Party) -> Vec<Sample> {
    let mark = of.mark;
    let new = json!({ "email": format!("new@{mark}.test"), "user_name": format!("new-{mark}"),
        "name": format!("New {mark}"), "role": "billing" });
    let role = json!({ "name": format!("{mark} desk"), "permissions": ["plans:see"] });
    let key = json!({ "name": format!("{mark} new key"), "permissions": ["plans:see"] });
    vec![
        with("POST /v1/roles", role.clone()),
        with("POST /v1/staff", new),
        with("PUT /v1/roles/{id}", json!({ "name": format!("{mark} counter"), "permissions": ["plans:see"] })),
        with("PATCH /v1/staff/{id}", json!({ "name": format!("Benjamin {mark}") })),
        bare("POST /v1/staff/{id}/invite"),
        bare("POST /v1/staff/{id}/deactivate"),
        bare("POST /v1/staff/{id}/reactivate"),
        bare("DELETE /v1/roles/{id}"),
        with("POST /v1/keys", key),
        with("POST /v1/keys/{id}/rotate", json!({ "grace_seconds": 60 })),
        bare("POST /v1/keys/{id}/revoke"),
    ]
}

fn places(of: &Party) -> Vec<Sample> {
    let (mark, branch) = (of.mark, of.id("/v1/branches"));
    let new = json!({ "name": format!("{mark} lake"), "branch": branch });
    vec![
        with("POST /v1/branches", json!({ "name": format!("{mark} village") })),
        with("PATCH /v1/branches/{id}", json!({ "name": format!("{mark} city") })),
        with("POST /v1/zones", new),
        with("PATCH /v1/zones/{id}", json!({ "name": format!("{mark} valley"), "branch": branch })),
        bare("DELETE /v1/zones/{id}"),
        Sample { whose: Some(EMPTY), ..bare("DELETE /v1/branches/{id}") },
        with("PATCH /v1/settings", json!({ "session_days": 120 })),
        with("POST /v1/billing/tier", json!({ "tier": "basic-hotspot", "from": "period_end" })),
    ]
}

fn money(of: &Party) -> Vec<Sample> {
    let about = |whose, sample| Sample { whose: Some(whose), ..sample };
    let why = json!({ "why": "paid to the wrong number" });
    let cash = json!({ "plan_id": of.id(HOTSPOT), "phone": "0712345699", "note": format!("{} book 2", of.mark),
        "amount": { "minor": 2000, "currency": "KES" } });
    let claim = json!({ "gateway_id": of.id("/v1/gateways"), "receipt": "UAF9999999", "phone": "0712345698" });
    let statement = format!(
        "Receipt No.,Completion Time,Transaction Status,Paid In,A/C No.\nUAFNEW{},2026-11-22 10:00:00,Completed,20.00,{}\n",
        of.mark.len(),
        of.mark
    );
    vec![
        about(AWAITED, bare("POST /v1/payments/{id}/look-up")),
        about(FAILED, bare("POST /v1/payments/{id}/retry")),
        about(UNSERVED, bare("POST /v1/payments/{id}/serve")),
        with("POST /v1/payments/{id}/refund", json!({ "to": "wallet", "why": "the tower was down" })),
        with("POST /v1/arrivals/{id}/match", json!({ "subscriber_id": of.id("/v1/subscribers") })),
        about(STRAY, with("POST /v1/arrivals/{id}/dispute", json!({ "note": format!("{} rang", of.mark) }))),
        about(UNPROVEN, bare("POST /v1/arrivals/{id}/accept")),
        about(WRONG, with("POST /v1/arrivals/{id}/give-back", why)),
        with("POST /v1/arrivals/claim", claim),
        with("POST /v1/cash", cash),
        with("POST /v1/gateways/{id}/statement", json!(statement)),
        with("POST /v1/gateways", gateway("600111")),
        with("PATCH /v1/gateways/{id}", json!({ "looks_per_minute": 7, "keys": { "passkey": "another" } })),
        bare("POST /v1/gateways/{id}/test"),
        bare("POST /v1/gateways/{id}/register"),
        with("POST /v1/gateways/{id}/register-pull", json!({ "phone": "0712345678" })),
        bare("POST /v1/gateways/{id}/balance"),
        with(
            "POST /v1/gateways/{id}/qr",
            json!({ "amount": { "minor": 2000, "currency": "KES" }, "reference": "ppp1042" }),
        ),
        bare("DELETE /v1/gateways/{id}"),
    ]
}

fn partners(of: &Party) -> Vec<Sample> {
    let new = json!({ "url": partner(of.mark), "events": ["test_webhook"] });
    vec![
        with("POST /v1/webhooks", new),
        with("PATCH /v1/webhooks/{id}", json!({ "is_active": true, "events": ["test_webhook", "add_router"] })),
        bare("POST /v1/webhooks/{id}/rotate-secret"),
        bare("POST /v1/webhooks/{id}/test"),
        bare("POST /v1/webhooks/{id}/deliveries/{delivery}/replay"),
        bare("DELETE /v1/webhooks/{id}"),
    ]
}

fn messages(of: &Party) -> Vec<Sample> {
    let mut settings = tests::furnished::messages(of.mark);
    settings["contact"] = json!(format!("{} office", of.mark));
    let text = json!({ "kind": "test", "language": "en", "text": format!("{} of {{brand}}", of.mark) });
    vec![
        with("PUT /v1/messages/settings", settings),
        with("PUT /v1/messages/templates", text.clone()),
        with("POST /v1/messages/templates/preview", text),
        with("POST /v1/messages/test", json!({ "phone": "0733000000" })),
        bare("POST /v1/messages/{id}/retry"),
        bare("POST /v1/messages/retry"),
    ]
}

/// What a request for a route says when it is to succeed.
pub(super) fn body_for(route: &Route, of: &Party) -> Option<Value> {
    let name = format!("{} {}", route.method, route.path);
    samples(of).into_iter().find(|sample| sample.route == name)?.body
}

/// Sends a request; a text as CSV.
pub(super) async fn send(client: &Client, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
    match body {
        Some(Value::String(table)) => client.send_octets(method, path, Some("text/csv"), table.as_bytes()).await,
        other => client.send(method, path, other.cloned()).await,
    }
}
