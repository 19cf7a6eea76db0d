import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..", "..");
/** Folders in which every module must stand in the registry beside it; the rest of the names are contracts. */
const registries: Readonly<Record<string, readonly string[]>> = {
  "agent/collect/sources": ["binder.ts", "config/config.ts", "provenance.ts", "registry.ts", "source.ts"],
  "agent/pipeline/processors": [
    "chain.ts",
    "config/config.ts",
    "formats",
    "log_metrics.ts",
    "match.ts",
    "processor.ts",
    "records.ts",
    "registry.ts",
  ],
  "agent/collect/discovery": ["registry.ts", "discovery.ts", "target_list.ts"],
  "agent/collect/sources/host_metrics": [],
  "agent/collect/receivers": [
    "adopted_datagrams.ts",
    "body.ts",
    "beside_samples.ts",
    "byte_aliases.ts",
    "byte_memo.ts",
    "byte_number.ts",
    "byte_queue.ts",
    "config/config.ts",
    "datagram_server.ts",
    "datagram_turns.ts",
    "decode_steps.ts",
    "decode_turns.ts",
    "document_cut.ts",
    "document_time.ts",
    "emit_samples.ts",
    "iso_time_cut.ts",
    "json_documents.ts",
    "json_record.ts",
    "json_text.ts",
    "kept_records.ts",
    "json_steps.ts",
    "known_documents.ts",
    "known_numbers.ts",
    "line_framing.ts",
    "line_text.ts",
    "listen_address.ts",
    "detected_severity.ts",
    "log_batch_builder.ts",
    "log_queue.ts",
    "log_parts.ts",
    "memory_budget.ts",
    "metric_mapping",
    "pushed_line_joiner.ts",
    "pushed_record.ts",
    "pushed_series.ts",
    "receiver.fixture.ts",
    "receiver.ts",
    "receivers.ts",
    "record_columns.ts",
    "record_memo.ts",
    "record_time.ts",
    "refusal.ts",
    "registry.ts",
    "request_parts.ts",
    "sample_buffer.ts",
    "sample_queue.ts",
    "series_groups.ts",
    "server_tls.ts",
    "stream_server.ts",
    "udp_socket.ts",
    "unix_datagram_server.ts",
    "unix_path.ts",
  ],
};

for (const folder of Object.keys(registries)) {
  test(`${folder}/registry.ts lists every module of its folder, sorted`, async () => {
    const text = await Bun.file(join(root, folder, "registry.ts")).text();
    const listed = [
      ...text.matchAll(/import \{[^}]*\} from "\.\/([a-z0-9_]+)(?:\.ts|\/[a-z_]+\.ts)"/g),
    ].map((m) => m[1]);
    expect(listed.length).toBeGreaterThan(0);
    expect(listed).toEqual(listed.toSorted((a = "", b = "") => (a < b ? -1 : 1)));
    if (folder.endsWith("host_metrics")) return;
    const modules = readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || /^[a-z0-9_]+\.ts$/.test(entry.name))
      .map((entry) => entry.name)
      .filter((name) => !(registries[folder] ?? []).includes(name))
      .map((name) => name.replace(/\.ts$/, ""));
    for (const module of modules) expect(listed).toContain(module);
  });
}
