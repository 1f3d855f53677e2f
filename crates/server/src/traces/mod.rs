//! Traces: spans of requests, sent by OTLP to whoever collects them. Without `otlp_endpoint` nothing of it runs.
//!
//! Spans are made here, one by one, and are not those of the log: so nothing comes into a trace that was not put there by
//! name. Handing a span over waits for nobody, and what a slow collector leaves behind is dropped.

mod delivery;
mod parent;
mod request;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keyward_core::{Outcome, Timestamp};
use opentelemetry::trace::{
    FutureExt, SpanBuilder, SpanId, SpanKind, TraceContextExt, TraceId, Tracer, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, IdGenerator, Sampler, SdkTracer, SdkTracerProvider,
};

use crate::app::App;
use crate::inputs::Entropy;
use crate::metrics::name_of;
use crate::settings::TraceSettings;
use delivery::Delivery;
pub(crate) use request::RequestSpan;

/// Spans that wait for their delivery at most; whatever comes beyond is dropped.
const MAX_WAITING: usize = 2048;
/// Spans of one delivery at most.
const MAX_AT_A_TIME: usize = 512;
/// How long spans wait for others before they are delivered.
const DELIVERED_EVERY: Duration = Duration::from_secs(2);
/// How long a collector has for its answer.
const DELIVERY_PATIENCE: Duration = Duration::from_secs(3);
/// How long the last delivery may take.
const LAST_PATIENCE: Duration = Duration::from_secs(4);

/// What makes spans, and delivers them.
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// Traces cannot begin.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be sent")]
pub struct TraceError(#[from] ExporterBuildError);

impl Traces {
    /// Begins to deliver, on a thread of its own.
    pub(crate) fn begin(settings: &TraceSettings, entropy: Arc<Entropy>) -> Result<Self, TraceError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(settings.endpoint.as_str())
            .with_timeout(DELIVERY_PATIENCE)
            // Spans are not worth keeping others waiting.
            .with_retry_policy(RetryPolicy::disabled())
            .build()?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(MAX_WAITING)
            .with_max_export_batch_size(MAX_AT_A_TIME)
            .with_scheduled_delay(DELIVERED_EVERY)
            .build();
        let root = Sampler::TraceIdRatioBased(settings.sample_ratio);
        let resource = Resource::builder()
            .with_service_name("keyward")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(Delivery::by(exporter)).with_batch_config(batches).build())
            .with_sampler(Sampler::ParentBased(Box::new(root)))
            .with_id_generator(Ids(entropy))
            .with_resource(resource.build())
            .build();
        let tracer = provider.tracer("keyward");
        Ok(Self { provider, tracer })
    }

    /// Delivers what waits, for a few seconds at most, and traces no more.
    pub async fn end(&self) {
        let provider = self.provider.clone();
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_PATIENCE)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("some spans were not delivered at the end");
        }
    }
}

/// Has a span over a part of the work for a request, where that is traced.
pub(crate) async fn over<T>(app: &App, name: &'static str, work: impl Future<Output = T>) -> T {
    let is_traced = || Context::map_current(|cx| cx.span().is_recording());
    let Some(traces) = app.traces().filter(|_| is_traced()) else { return work.await };
    let span = SpanBuilder::from_name(name).with_kind(SpanKind::Internal).with_start_time(wall(app.now()));
    let cx = Context::current_with_span(traces.tracer.build(span));
    let done = work.with_context(cx.clone()).await;
    cx.span().end_with_timestamp(wall(app.now()));
    done
}

/// Notes in the span of the request what its verification came to.
pub(crate) fn note_outcome(app: &App, outcome: &Outcome) {
    if app.traces().is_some() {
        let name = KeyValue::new("keyward.outcome", name_of(outcome));
        Context::map_current(|cx| cx.span().set_attribute(name));
    }
}

fn wall(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(u64::try_from(at.as_micros()).unwrap_or(0))
}

/// Makes the ids of traces and spans by the generator that was handed in.
struct Ids(Arc<Entropy>);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        let mut bytes = [0; 16];
        self.0.fill(&mut bytes);
        TraceId::from_bytes(bytes)
    }

    fn new_span_id(&self) -> SpanId {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        SpanId::from_bytes(bytes)
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids(..)")
    }
}

/// What delivers may hold a credential for the collector.
impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Traces(..)")
    }
}
