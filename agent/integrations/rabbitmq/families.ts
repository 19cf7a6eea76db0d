import { counter, gauge, untyped } from "../../collect/samples/family.ts";
import type { NumberAt } from "../connections/json_value.ts";

/**
 * Fields of the management API, and the metrics that RabbitMQ's own plugin rabbitmq_prometheus has for the same: names and types as its 3.10
 * exposes them, on its endpoints /metrics and /metrics/per-object.
 */
const milliseconds = 0.001;

export const overview: readonly NumberAt[] = [
  ["object_totals.connections", gauge("rabbitmq_connections", "Open connections.")],
  ["object_totals.channels", gauge("rabbitmq_channels", "Open channels.")],
  ["object_totals.consumers", gauge("rabbitmq_consumers", "Consumers.")],
  ["object_totals.queues", gauge("rabbitmq_queues", "Queues.")],
  [
    "churn_rates.connection_created",
    counter("rabbitmq_connections_opened_total", "Connections ever opened."),
  ],
  [
    "churn_rates.connection_closed",
    counter("rabbitmq_connections_closed_total", "Connections ever closed."),
  ],
  [
    "churn_rates.channel_created",
    counter("rabbitmq_channels_opened_total", "Channels ever opened."),
  ],
  [
    "churn_rates.channel_closed",
    counter("rabbitmq_channels_closed_total", "Channels ever closed."),
  ],
  [
    "churn_rates.queue_declared",
    counter("rabbitmq_queues_declared_total", "Queues ever declared."),
  ],
  ["churn_rates.queue_created", counter("rabbitmq_queues_created_total", "Queues ever created.")],
  ["churn_rates.queue_deleted", counter("rabbitmq_queues_deleted_total", "Queues ever deleted.")],
  ...messages("publish", "messages_published_total", "Messages published."),
  ...messages("confirm", "messages_confirmed_total", "Messages confirmed to their publishers."),
  ...messages(
    "return_unroutable",
    "messages_unroutable_returned_total",
    "Mandatory messages that no queue took, given back.",
  ),
  ...messages(
    "drop_unroutable",
    "messages_unroutable_dropped_total",
    "Messages that no queue took, dropped.",
  ),
  ...messages(
    "deliver",
    "messages_delivered_ack_total",
    "Messages delivered to consumers that acknowledge.",
  ),
  ...messages(
    "deliver_no_ack",
    "messages_delivered_total",
    "Messages delivered to consumers that do not acknowledge.",
  ),
  ...messages("get", "get_ack_total", "Messages fetched, to be acknowledged."),
  ...messages("get_no_ack", "get_total", "Messages fetched, not to be acknowledged."),
  ...messages("get_empty", "get_empty_total", "Fetches that found no message."),
  ...messages("redeliver", "messages_redelivered_total", "Messages delivered again."),
  ...messages("ack", "messages_acked_total", "Messages that consumers acknowledged."),
  [
    "message_stats.disk_reads",
    counter("rabbitmq_queue_disk_reads_total", "Messages that queues read from disk."),
  ],
  [
    "message_stats.disk_writes",
    counter("rabbitmq_queue_disk_writes_total", "Messages that queues wrote to disk."),
  ],
];

function messages(field: string, name: string, help: string): readonly NumberAt[] {
  return [[`message_stats.${field}`, counter(`rabbitmq_channel_${name}`, help)]];
}

/** Of all queues together. */
export const queueTotals: readonly NumberAt[] = [
  ["queue_totals.messages", gauge("rabbitmq_queue_messages", "Messages in queues.")],
  [
    "queue_totals.messages_ready",
    gauge("rabbitmq_queue_messages_ready", "Messages ready to be delivered."),
  ],
  [
    "queue_totals.messages_unacknowledged",
    gauge("rabbitmq_queue_messages_unacked", "Messages delivered, not yet acknowledged."),
  ],
];

export const node: readonly NumberAt[] = [
  ["fd_used", gauge("rabbitmq_process_open_fds", "Open file descriptors.")],
  ["fd_total", gauge("rabbitmq_process_max_fds", "File descriptors that may be open.")],
  ["sockets_used", gauge("rabbitmq_process_open_tcp_sockets", "Open TCP sockets.")],
  ["sockets_total", gauge("rabbitmq_process_max_tcp_sockets", "TCP sockets that may be open.")],
  ["mem_used", gauge("rabbitmq_process_resident_memory_bytes", "Memory used.")],
  [
    "mem_limit",
    gauge("rabbitmq_resident_memory_limit_bytes", "Memory above which publishers are blocked."),
  ],
  [
    "mem_alarm",
    untyped("rabbitmq_alarms_memory_used_watermark", "1 while publishers are blocked for memory."),
  ],
  ["disk_free", gauge("rabbitmq_disk_space_available_bytes", "Free disk space.")],
  [
    "disk_free_limit",
    gauge(
      "rabbitmq_disk_space_available_limit_bytes",
      "Free disk space below which publishers are blocked.",
    ),
  ],
  [
    "disk_free_alarm",
    untyped(
      "rabbitmq_alarms_free_disk_space_watermark",
      "1 while publishers are blocked for disk space.",
    ),
  ],
  ["proc_used", gauge("rabbitmq_erlang_processes_used", "Erlang processes.")],
  ["proc_total", gauge("rabbitmq_erlang_processes_limit", "Erlang processes that may be.")],
  ["run_queue", gauge("rabbitmq_erlang_scheduler_run_queue", "Erlang processes that wait to run.")],
  [
    "uptime",
    gauge("rabbitmq_erlang_uptime_seconds", "Seconds since the node started."),
    milliseconds,
  ],
  ["gc_num", counter("rabbitmq_erlang_gc_runs_total", "Garbage collections.")],
  [
    "gc_bytes_reclaimed",
    counter("rabbitmq_erlang_gc_reclaimed_bytes_total", "Bytes that garbage collections freed."),
  ],
  [
    "context_switches",
    counter("rabbitmq_erlang_scheduler_context_switches_total", "Context switches."),
  ],
  ["io_read_count", counter("rabbitmq_io_read_ops_total", "Reads from disk.")],
  ["io_read_bytes", counter("rabbitmq_io_read_bytes_total", "Bytes read from disk.")],
  ["io_write_count", counter("rabbitmq_io_write_ops_total", "Writes to disk.")],
  ["io_write_bytes", counter("rabbitmq_io_write_bytes_total", "Bytes written to disk.")],
  ["io_sync_count", counter("rabbitmq_io_sync_ops_total", "Syncs to disk.")],
];

const ofQueue = ["vhost", "queue"];

/** Of each queue. */
export const queue: readonly NumberAt[] = [
  ["messages", gauge("rabbitmq_queue_messages", "Messages in the queue.", ofQueue)],
  [
    "messages_ready",
    gauge("rabbitmq_queue_messages_ready", "Messages ready to be delivered.", ofQueue),
  ],
  [
    "messages_unacknowledged",
    gauge("rabbitmq_queue_messages_unacked", "Messages delivered, not yet acknowledged.", ofQueue),
  ],
  ["consumers", gauge("rabbitmq_queue_consumers", "Consumers of the queue.", ofQueue)],
  [
    "consumer_utilisation",
    gauge(
      "rabbitmq_queue_consumer_utilisation",
      "Part of the time in which its consumers could take messages.",
      ofQueue,
    ),
  ],
  [
    "memory",
    gauge("rabbitmq_queue_process_memory_bytes", "Memory of the queue's Erlang process.", ofQueue),
  ],
  ["message_bytes", gauge("rabbitmq_queue_messages_bytes", "Bytes in the queue.", ofQueue)],
  ["messages_ram", gauge("rabbitmq_queue_messages_ram", "Messages held in memory.", ofQueue)],
  [
    "messages_persistent",
    gauge("rabbitmq_queue_messages_persistent", "Messages that are to outlive a restart.", ofQueue),
  ],
  [
    "reductions",
    counter("rabbitmq_queue_process_reductions_total", "Work of the queue's process.", ofQueue),
  ],
];

export const buildInfo = untyped("rabbitmq_build_info", "Versions of broker and Erlang.", [
  "rabbitmq_version",
  "management_version",
  "erlang_version",
]);
export const identityInfo = untyped("rabbitmq_identity_info", "Names of node and cluster.", [
  "rabbitmq_node",
  "rabbitmq_cluster",
]);
