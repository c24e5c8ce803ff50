// Every kind of sink, one row each:
//   SINK(id, "name", "what it is")      the kind is sink_ID, in ID.c
//   SINK_ALIAS("other name", id)
//   SINK_GONE("name", "sentence")
SINK(influxdb, "influxdb", "InfluxDB 1.x, 2.x and 3.x, and whatever takes its lines")
SINK(graphite, "graphite", "Graphite's plaintext lines over TCP or UDP")
SINK(statsd, "statsd", "StatsD over UDP: etsystatsd or influxstatsd")
SINK(opentsdb, "opentsdb", "OpenTSDB's /api/put, and whatever takes that")
SINK(elasticsearch, "elasticsearch", "Elasticsearch or OpenSearch, by bulk requests")
SINK(riemann, "riemann", "Riemann over TCP")
SINK(wavefront, "wavefront", "the proxy of Wavefront over TCP")
SINK(remote_write, "prometheus", "Prometheus remote write 1.0: Prometheus, VictoriaMetrics, Mimir ...")
SINK(otlp, "otlp", "OpenTelemetry over HTTP, in protobuf")
SINK(kafka, "kafka", "Kafka, a message of JSON for each point")
SINK(log, "log", "lines in this program's own log")
SINK_ALIAS("opensearch", elasticsearch)
SINK_ALIAS("remote_write", remote_write)
SINK_GONE("gcm", "the sink gcm is gone: Google Cloud Monitoring takes OTLP now; use "
                 "otlp: with an OpenTelemetry collector")
SINK_GONE("stackdriver", "the sink stackdriver is gone: Google Cloud Monitoring takes OTLP now; "
                         "use otlp: with an OpenTelemetry collector")
SINK_GONE("gcl", "the sink gcl is gone: Google Cloud Logging takes the lines of the sink log, "
                 "by its agent, or what kafka: is sent")
SINK_GONE("librato", "the sink librato is gone: Librato's metrics service was shut down; use otlp: "
                     "with its successor, SolarWinds Observability")
SINK_GONE("hawkular", "the sink hawkular is gone: Hawkular is not maintained any more; use "
                      "prometheus: with a store that takes remote write")
SINK_GONE("honeycomb", "the sink honeycomb is gone: Honeycomb's classic datasets were replaced; "
                       "use otlp: with https://api.honeycomb.io")
SINK_GONE("metric", "the sink metric is not needed: what it kept is always there (/api/v1/model)")
