// What users of kubelet, cAdvisor and kube-state-metrics call a metric, one row
// for each name:
//   PROMETHEUS(metric, entities, "name", "label", "value", "label 2", "value 2")
// entities: letters as in metric.tbl.h. Up to two labels come with the name. Values
// are in base units (base_unit.h). A metric and level without a row is called
// skerry_... (prometheus_name.h). From /metrics/resource and /metrics/cadvisor of
// Kubernetes 1.34's kubelet; resource requests and states as kube-state-metrics 2
// has them; load as node_exporter.
#define NO_LABEL "", ""
#define RESOURCE(name, unit) "resource", name, "unit", unit
#define FAILURE(type) "failure_type", type, "scope", "container"
PROMETHEUS(UPTIME, "P", "kube_pod_start_time", NO_LABEL, NO_LABEL)
PROMETHEUS(UPTIME, "NCS", "container_start_time_seconds", NO_LABEL, NO_LABEL)
PROMETHEUS(RESTART_COUNT, "C", "kube_pod_container_status_restarts_total", NO_LABEL, NO_LABEL)
PROMETHEUS(CPU_USAGE, "N", "node_cpu_usage_seconds_total", NO_LABEL, NO_LABEL)
PROMETHEUS(CPU_USAGE, "P", "pod_cpu_usage_seconds_total", NO_LABEL, NO_LABEL)
PROMETHEUS(CPU_USAGE, "CS", "container_cpu_usage_seconds_total", NO_LABEL, NO_LABEL)
PROMETHEUS(CPU_LOAD, "N", "node_load1", NO_LABEL, NO_LABEL)
PROMETHEUS(CPU_REQUEST, "C", "kube_pod_container_resource_requests", RESOURCE("cpu", "core"))
PROMETHEUS(CPU_LIMIT, "C", "kube_pod_container_resource_limits", RESOURCE("cpu", "core"))
PROMETHEUS(MEMORY_USAGE, "NPCS", "container_memory_usage_bytes", NO_LABEL, NO_LABEL)
PROMETHEUS(MEMORY_WORKING_SET, "N", "node_memory_working_set_bytes", NO_LABEL, NO_LABEL)
PROMETHEUS(MEMORY_WORKING_SET, "P", "pod_memory_working_set_bytes", NO_LABEL, NO_LABEL)
PROMETHEUS(MEMORY_WORKING_SET, "CS", "container_memory_working_set_bytes", NO_LABEL, NO_LABEL)
PROMETHEUS(MEMORY_RSS, "NPCS", "container_memory_rss", NO_LABEL, NO_LABEL)
PROMETHEUS(MEMORY_CACHE, "NPCS", "container_memory_cache", NO_LABEL, NO_LABEL)
PROMETHEUS(MEMORY_SWAP, "N", "node_swap_usage_bytes", NO_LABEL, NO_LABEL)
PROMETHEUS(MEMORY_SWAP, "P", "pod_swap_usage_bytes", NO_LABEL, NO_LABEL)
PROMETHEUS(MEMORY_SWAP, "C", "container_swap_usage_bytes", NO_LABEL, NO_LABEL)
PROMETHEUS(MEMORY_SWAP, "S", "container_memory_swap", NO_LABEL, NO_LABEL)
PROMETHEUS(MEMORY_PAGE_FAULTS, "NPCS", "container_memory_failures_total", FAILURE("pgfault"))
PROMETHEUS(MEMORY_MAJOR_PAGE_FAULTS, "NPCS", "container_memory_failures_total", FAILURE("pgmajfault"))
PROMETHEUS(MEMORY_REQUEST, "C", "kube_pod_container_resource_requests", RESOURCE("memory", "byte"))
PROMETHEUS(MEMORY_LIMIT, "C", "kube_pod_container_resource_limits", RESOURCE("memory", "byte"))
PROMETHEUS(NETWORK_RX, "NP", "container_network_receive_bytes_total", NO_LABEL, NO_LABEL)
PROMETHEUS(NETWORK_RX_ERRORS, "NP", "container_network_receive_errors_total", NO_LABEL, NO_LABEL)
PROMETHEUS(NETWORK_TX, "NP", "container_network_transmit_bytes_total", NO_LABEL, NO_LABEL)
PROMETHEUS(NETWORK_TX_ERRORS, "NP", "container_network_transmit_errors_total", NO_LABEL, NO_LABEL)
PROMETHEUS(EPHEMERAL_REQUEST, "C", "kube_pod_container_resource_requests", RESOURCE("ephemeral_storage", "byte"))
PROMETHEUS(EPHEMERAL_LIMIT, "C", "kube_pod_container_resource_limits", RESOURCE("ephemeral_storage", "byte"))
PROMETHEUS(CPU_NODE_CAPACITY, "N", "kube_node_status_capacity", RESOURCE("cpu", "core"))
PROMETHEUS(CPU_NODE_ALLOCATABLE, "N", "kube_node_status_allocatable", RESOURCE("cpu", "core"))
PROMETHEUS(MEMORY_NODE_CAPACITY, "N", "kube_node_status_capacity", RESOURCE("memory", "byte"))
PROMETHEUS(MEMORY_NODE_ALLOCATABLE, "N", "kube_node_status_allocatable", RESOURCE("memory", "byte"))
PROMETHEUS(EPHEMERAL_NODE_CAPACITY, "N", "kube_node_status_capacity", RESOURCE("ephemeral_storage", "byte"))
PROMETHEUS(EPHEMERAL_NODE_ALLOCATABLE, "N", "kube_node_status_allocatable", RESOURCE("ephemeral_storage", "byte"))
PROMETHEUS(FILESYSTEM_USAGE, "NC", "container_fs_usage_bytes", NO_LABEL, NO_LABEL)
PROMETHEUS(FILESYSTEM_LIMIT, "NC", "container_fs_limit_bytes", NO_LABEL, NO_LABEL)
PROMETHEUS(FILESYSTEM_INODES, "NC", "container_fs_inodes_total", NO_LABEL, NO_LABEL)
PROMETHEUS(FILESYSTEM_INODES_FREE, "NC", "container_fs_inodes_free", NO_LABEL, NO_LABEL)
PROMETHEUS(FILESYSTEM_USAGE, "P", "kubelet_volume_stats_used_bytes", NO_LABEL, NO_LABEL)
PROMETHEUS(FILESYSTEM_LIMIT, "P", "kubelet_volume_stats_capacity_bytes", NO_LABEL, NO_LABEL)
PROMETHEUS(FILESYSTEM_AVAILABLE, "P", "kubelet_volume_stats_available_bytes", NO_LABEL, NO_LABEL)
PROMETHEUS(FILESYSTEM_INODES, "P", "kubelet_volume_stats_inodes", NO_LABEL, NO_LABEL)
PROMETHEUS(FILESYSTEM_INODES_FREE, "P", "kubelet_volume_stats_inodes_free", NO_LABEL, NO_LABEL)
PROMETHEUS(DISK_IO_READ_BYTES, "NCS", "container_fs_reads_bytes_total", NO_LABEL, NO_LABEL)
PROMETHEUS(DISK_IO_WRITE_BYTES, "NCS", "container_fs_writes_bytes_total", NO_LABEL, NO_LABEL)
PROMETHEUS(PRESSURE_CPU_SOME, "NPCS", "container_pressure_cpu_waiting_seconds_total", NO_LABEL, NO_LABEL)
PROMETHEUS(PRESSURE_CPU_FULL, "NPCS", "container_pressure_cpu_stalled_seconds_total", NO_LABEL, NO_LABEL)
PROMETHEUS(PRESSURE_MEMORY_SOME, "NPCS", "container_pressure_memory_waiting_seconds_total", NO_LABEL, NO_LABEL)
PROMETHEUS(PRESSURE_MEMORY_FULL, "NPCS", "container_pressure_memory_stalled_seconds_total", NO_LABEL, NO_LABEL)
PROMETHEUS(PRESSURE_IO_SOME, "NPCS", "container_pressure_io_waiting_seconds_total", NO_LABEL, NO_LABEL)
PROMETHEUS(PRESSURE_IO_FULL, "NPCS", "container_pressure_io_stalled_seconds_total", NO_LABEL, NO_LABEL)
#undef NO_LABEL
#undef RESOURCE
#undef FAILURE
