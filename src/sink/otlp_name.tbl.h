// What OpenTelemetry calls a metric, one row for each name:
//   OTLP(metric, entities, "name", "attribute", "value")
// entities: letters as in metric.tbl.h. "*." at the beginning stands for k8s.node.,
// k8s.pod. or container. by the level. Units are the base ones (base_unit.h).
// Names of the collector's kubeletstats receiver, then of its k8s_cluster receiver
// (opentelemetry-collector-contrib, both metadata.yaml). A metric and level
// without a row is called skerry.... (otlp_name.h).
#define NO_ATTRIBUTE "", ""
#define DIRECTION(value) "direction", value
OTLP(UPTIME, "NPCS", "*.uptime", NO_ATTRIBUTE)
OTLP(CPU_USAGE, "NPCS", "*.cpu.time", NO_ATTRIBUTE)
OTLP(CPU_USAGE_RATE, "NPCS", "*.cpu.usage", NO_ATTRIBUTE)
OTLP(MEMORY_AVAILABLE, "N", "*.memory.available", NO_ATTRIBUTE)
OTLP(MEMORY_USAGE, "NPCS", "*.memory.usage", NO_ATTRIBUTE)
OTLP(MEMORY_RSS, "NPCS", "*.memory.rss", NO_ATTRIBUTE)
OTLP(MEMORY_WORKING_SET, "NPCS", "*.memory.working_set", NO_ATTRIBUTE)
OTLP(MEMORY_PAGE_FAULTS, "NPCS", "*.memory.page_faults", NO_ATTRIBUTE)
OTLP(MEMORY_MAJOR_PAGE_FAULTS, "NPCS", "*.memory.major_page_faults", NO_ATTRIBUTE)
OTLP(FILESYSTEM_AVAILABLE, "NC", "*.filesystem.available", NO_ATTRIBUTE)
OTLP(FILESYSTEM_LIMIT, "NC", "*.filesystem.capacity", NO_ATTRIBUTE)
OTLP(FILESYSTEM_USAGE, "NC", "*.filesystem.usage", NO_ATTRIBUTE)
OTLP(FILESYSTEM_AVAILABLE, "P", "k8s.volume.available", NO_ATTRIBUTE)
OTLP(FILESYSTEM_LIMIT, "P", "k8s.volume.capacity", NO_ATTRIBUTE)
OTLP(FILESYSTEM_INODES, "P", "k8s.volume.inodes", NO_ATTRIBUTE)
OTLP(FILESYSTEM_INODES_FREE, "P", "k8s.volume.inodes.free", NO_ATTRIBUTE)
OTLP(NETWORK_RX, "NP", "*.network.io", DIRECTION("receive"))
OTLP(NETWORK_TX, "NP", "*.network.io", DIRECTION("transmit"))
OTLP(NETWORK_RX_ERRORS, "NP", "*.network.errors", DIRECTION("receive"))
OTLP(NETWORK_TX_ERRORS, "NP", "*.network.errors", DIRECTION("transmit"))
OTLP(RESTART_COUNT, "C", "k8s.container.restarts", NO_ATTRIBUTE)
OTLP(CPU_REQUEST, "C", "k8s.container.cpu_request", NO_ATTRIBUTE)
OTLP(CPU_LIMIT, "C", "k8s.container.cpu_limit", NO_ATTRIBUTE)
OTLP(MEMORY_REQUEST, "C", "k8s.container.memory_request", NO_ATTRIBUTE)
OTLP(MEMORY_LIMIT, "C", "k8s.container.memory_limit", NO_ATTRIBUTE)
OTLP(EPHEMERAL_REQUEST, "C", "k8s.container.ephemeralstorage_request", NO_ATTRIBUTE)
OTLP(EPHEMERAL_LIMIT, "C", "k8s.container.ephemeralstorage_limit", NO_ATTRIBUTE)
OTLP(CPU_NODE_ALLOCATABLE, "N", "k8s.node.allocatable_cpu", NO_ATTRIBUTE)
OTLP(MEMORY_NODE_ALLOCATABLE, "N", "k8s.node.allocatable_memory", NO_ATTRIBUTE)
OTLP(EPHEMERAL_NODE_ALLOCATABLE, "N", "k8s.node.allocatable_ephemeral_storage", NO_ATTRIBUTE)
#undef NO_ATTRIBUTE
#undef DIRECTION
