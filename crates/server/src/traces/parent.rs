//! The trace that a request belongs to, by its headers `traceparent` and `tracestate` (W3C Trace Context, level 1). What
//! breaks a rule there is taken for absent, and a trace of our own begins.

use http::HeaderMap;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// Bytes of a `traceparent` of version 00 (section 3.2.2).
const LENGTH: usize = 55;

/// The span of the caller, if there is one.
pub(super) fn parent_of(headers: &HeaderMap) -> Option<SpanContext> {
    let mut parents = headers.get_all("traceparent").iter();
    let (Some(parent), None) = (parents.next(), parents.next()) else { return None };
    let parent = parent.to_str().ok()?;
    let (trace_id, span_id, flags) = read(parent)?;
    let states: Option<Vec<&str>> = headers.get_all("tracestate").iter().map(|value| value.to_str().ok()).collect();
    let state = states.and_then(|states| states.join(",").parse::<TraceState>().ok()).unwrap_or_default();
    let context = SpanContext::new(trace_id, span_id, flags & TraceFlags::SAMPLED, true, state);
    context.is_valid().then_some(context)
}

/// Reads `version-trace_id-parent_id-flags`. What a later version adds is behind a further dash.
fn read(text: &str) -> Option<(TraceId, SpanId, TraceFlags)> {
    let (known, more) = text.split_at_checked(LENGTH)?;
    let parts: Vec<&str> = known.split('-').collect();
    let [version, trace_id, span_id, flags] = parts[..] else { return None };
    let is_hex =
        |part: &str, length| part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let has_form = is_hex(version, 2) && is_hex(trace_id, 32) && is_hex(span_id, 16) && is_hex(flags, 2);
    let has_end = more.is_empty() || version != "00" && more.starts_with('-');
    if !has_form || !has_end || version == "ff" {
        return None;
    }
    let flags = u8::from_str_radix(flags, 16).ok()?;
    Some((TraceId::from_hex(trace_id).ok()?, SpanId::from_hex(span_id).ok()?, TraceFlags::new(flags)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn parent(headers: &[(&'static str, &str)]) -> Option<SpanContext> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        parent_of(&map)
    }

    #[test]
    fn the_callers_span_is_read_with_its_flag_and_state() {
        for (flags, is_sampled) in [("00", false), ("01", true), ("02", false), ("ff", true)] {
            let found = parent(&[("traceparent", &format!("00-{TRACE}-{SPAN}-{flags}"))]).unwrap();
            assert_eq!((found.trace_id().to_string(), found.span_id().to_string()), (TRACE.into(), SPAN.into()));
            assert_eq!((found.is_sampled(), found.is_remote()), (is_sampled, true));
        }
        let good = format!("00-{TRACE}-{SPAN}-01");
        let state = |states: &[&str]| {
            let headers = states.iter().map(|state| ("tracestate", *state));
            parent(&[("traceparent", &*good)].into_iter().chain(headers).collect::<Vec<_>>())
                .unwrap()
                .trace_state()
                .header()
        };
        assert_eq!((state(&["a=1,b=2"]), state(&["a=1", "b=2"])), ("a=1,b=2".into(), "a=1,b=2".into()));
        assert_eq!(state(&["not a state"]), "");
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        for more in ["", "-", "-what-the-future-will-be-like"] {
            assert!(parent(&[("traceparent", &format!("cc-{TRACE}-{SPAN}-01{more}"))]).is_some(), "{more}");
        }
        assert!(parent(&[("traceparent", &format!("cc-{TRACE}-{SPAN}-01.more"))]).is_none());
    }

    #[test]
    fn what_breaks_a_rule_is_taken_for_absent() {
        let good = format!("00-{TRACE}-{SPAN}-01");
        for bad in [
            String::new(),
            "00".into(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-0g"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{}-{SPAN}0-01", &TRACE[1..]),
            format!("00-+{}-{SPAN}-01", &TRACE[1..]),
            format!("00-{TRACE}-{SPAN}é01"),
            good.replace('-', "_"),
        ] {
            assert!(parent(&[("traceparent", &bad)]).is_none(), "{bad}");
        }
        assert!(parent(&[("tracestate", "a=1")]).is_none());
        assert!(parent(&[("traceparent", &good), ("traceparent", &good)]).is_none());
    }
}
