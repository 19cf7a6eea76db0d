import { expect, test } from "bun:test";
import { z } from "zod";
import { receivers } from "#agent/collect/receivers/registry.ts";
import { integrations } from "#agent/integrations/registry.ts";
import { withoutSecrets } from "#shared/runtime/config/shown_config.ts";
import { LapwingConfig } from "#up_role.ts";

// Plants a value in every text of the configuration's schema, and compares what is shown of it with the list below. A new key fails here until
// it is decided: shared/runtime/config/shown_config.ts hides secrets; every other key belongs in the list.

const planted = "planted-value";

/** Keys of texts that hold no secrets; "name.*" is any key of a map of that name. */
const shownKeys = new Set(
  `
*.* access_log_format access_logs action address after age_max agent_servers agents alert allow allow_sockets also
annotations.* apache.* auth_source backlog_after backlog_rate backups.* bearer_token_file before
bind.* body_file body_size_limit body_size_max brokers bucket ca ca_file cancel_period catalog catalog_password_file
except give_up_after late_after
cert cert_file certificates.* cgroup_root check_interval chrony.* client_ca_file client_id collectd.*
client_secret_file cmdline collect comm command config_directory config_file container_id_label
container_labels containers.* cooldown cors_origins credentials_file credentials_grace
credentials_ttl creds_file data_dir data_retention database databases decoded_cache delete_after
details_interval detect_interval directories elasticsearch.* epoch_age equals equals.*
error_logs etcd.* evaluation_interval exclude exe executable expect expect_bytes expr
external_labels.* external_url fail2ban.* fail_if_all_match_regexp fail_if_body_json_matches_cel
fail_if_body_json_not_matches_cel fail_if_body_matches_regexp fail_if_body_not_matches_regexp
fluent.* gelf.* graphite.* influx.* json_logs.* json_metrics.* loki.* otlp.* pushgateway.*
remote_write.* statsd.* syslog.*
fail_if_matches_regexp fail_if_none_matches_regexp fail_if_not_matches_regexp file_size_max
files flush_interval flush_size flush_timeout folders for for_grace_period for_outage_tolerance forbid forget_after frame_ancestors
gap_timeout group_by group_names groups groups_exclude grpc_listen haproxy.* head_size_max
header healthy_within history_retention host_down hosts ignore_resource_attributes interval job job_name journal_units json
jump_max kafka.* keep keep_firing_for key_file keys label_keys.* labels labels.* latency_max learning lease
level_keys libvirt.* line_size_max listen log_files log_unit logs logs_cache lookback
mapping_config match matches max_age max_bytes memcached.* memory memory_high memory_limit memory_max
message_keys message_size_max method metrics metrics_path min_size module mongodb.* mysql.* name
names nats.* nginx.* nkey_seed_file no_proxy not_matches ntp.* off offline_after openssh.* origins
out_of_order_time_window output_size_max packet_size_max password_file path path_prefix paths php_fpm.*
pod_logs poll_interval postfix.* postgresql.* prober processes.* processors procfs
promote_resource_attributes public_keys push_hosts push_sync_interval quarantine_size_max query_class
query_name query_offset query_type rabbitmq.* rate raw reconnect_wait reconnect_wait_max redis.* refresh_interval
regex regexp region release_keys release_rate_max renew_interval repeat_interval replacement
result_max retention ring ring_size_max scan_interval scan_timeout scopes scrape_interval
scrape_memory_max
scrape_timeout scripts.* secret_access_key_file segment_size selector separator series_idle series_index
server_name servers service settle ship silence_size_max silent_after size_max slow_log_files slow_logs smart.*
socket sockets source_labels sources squid.* start status_path stop_max stream_aggregation subquery_step
sweep_after sync_interval systemd.* target_down target_label targets tcp_listen tenant text textfile.*
time_keys time_zone timeout timeout_offset tls_listen token_file topics topics_exclude ttl type
types_db udp_listen unit_exclude unit_include unix_listen unix_socket unix_stream_listen uri url
url_file user user_agent username username_file valid_rcodes value variable_files.* varnish.*
warm_up window windows working_directory zookeeper.*
`
    .trim()
    .split(/\s+/),
);

test("what is shown of a configuration is known key by key", () => {
  const shown = new Set<string>();
  const paths = [
    ...textsOf(LapwingConfig, []),
    ...Object.values(integrations).flatMap(({ name, config }) =>
      textsOf(config, ["integrations", name, "0"]),
    ),
    ...Object.entries(receivers).flatMap(([type, { config }]) =>
      textsOf(config, ["receivers", type]),
    ),
  ];
  expect(paths.length).toBeGreaterThan(400);
  for (const path of paths)
    if (JSON.stringify(withoutSecrets(planting(path))).includes(planted)) shown.add(nameOf(path));
  // In both directions, so that the list stays true.
  expect([...shown].toSorted()).toEqual([...shownKeys].toSorted());
});

/** `*` for keys that the owner chooses, `0` for items. */
function textsOf(schema: unknown, path: readonly string[]): (readonly string[])[] {
  if (!(schema instanceof z.core.$ZodType) || path.length > 20) return [];
  const into = (inner: unknown, ...more: string[]) => textsOf(inner, [...path, ...more]);
  if (schema instanceof z.ZodObject)
    return Object.entries(schema.shape).flatMap(([key, inner]) => into(inner, key));
  if (schema instanceof z.ZodArray) return into(schema.element, "0");
  if (schema instanceof z.ZodRecord) return into(schema.valueType, "*");
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((inner) => into(inner));
  if (schema instanceof z.ZodLazy) return into(schema.unwrap());
  if (schema instanceof z.ZodPipe) return into(schema.in);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  )
    return into(schema.unwrap());
  const isText =
    schema instanceof z.ZodString ||
    schema instanceof z.ZodUnknown ||
    schema instanceof z.ZodAny ||
    schema instanceof z.ZodCustom;
  return isText ? [path] : [];
}

function planting(path: readonly string[]): unknown {
  return path.reduceRight<unknown>(
    (value, key) => (key === "0" ? [value] : { [key]: value }),
    planted,
  );
}

function nameOf(path: readonly string[]): string {
  const names = path.filter((key) => key !== "0");
  return names.at(-1) === "*" ? names.slice(-2).join(".") : (names.at(-1) ?? "");
}
