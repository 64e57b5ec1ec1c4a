//! The kind of line that a request is about, from what RouterOS puts into it.

use dictionaries::{mikrotik, rfc2865};
use domain::access::attempt::AskedService;
use radius::Packet;

/// PPP says so. A hotspot logs in with the name of its server and the client's address before translation; in
/// accounting it leaves Service-Type out. Anything else is `Unsaid`.
pub(crate) fn service_of(request: &Packet<'_>) -> AskedService {
    if request.get(rfc2865::FRAMED_PROTOCOL) == Some(rfc2865::framed_protocol::PPP) {
        return AskedService::Ppp;
    }
    let is_login = match request.get(rfc2865::SERVICE_TYPE) {
        Some(service) => service == rfc2865::service_type::LOGIN_USER,
        None => request.code() == radius::Code::AccountingRequest,
    };
    if is_login && request.count(rfc2865::CALLED_STATION_ID) > 0 && request.count(mikrotik::HOST_IP) > 0 {
        AskedService::Hotspot
    } else {
        AskedService::Unsaid
    }
}
