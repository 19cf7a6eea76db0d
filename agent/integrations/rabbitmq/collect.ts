import { OperatingError, messageOf } from "#shared/errors.ts";
import type { SampleSink } from "../../collect/samples/family.ts";
import { HttpService } from "../connections/http_service.ts";
import type { OpenInstance } from "../integration.ts";
import { addNumbers, arrayOf, numberOf, objectOf, textOf } from "../connections/json_value.ts";
import { type RabbitmqConfig, askedUrl } from "./config.ts";
import { buildInfo, identityInfo, node, overview, queue, queueTotals } from "./families.ts";

/** A page of 500 queues has about 1 MB. */
const bodyBytesMax = 16 * 1_024 * 1_024;
/** Only what becomes samples: statistics of a queue are three times as long. */
const queueColumns = `name,vhost,${queue.map(([path]) => path).join(",")}`;

/** The management API. */
export const openRabbitmq: OpenInstance<RabbitmqConfig> = (config, { timeoutMs }) => {
  const service = new HttpService(askedUrl(config), config, timeoutMs, bodyBytesMax);
  return {
    async collect(sink, tick) {
      const general = objectOf(await service.json("/api/overview", tick.signal));
      const name = textOf(general["node"]);
      if (name === "") throw new OperatingError("corrupt", "GET /api/overview: names no node");
      if (general["disable_stats"] === true)
        tick.degraded("statistics are off at the broker: management.disable_stats");
      addNumbers(sink, general, overview);
      sink.add(
        buildInfo,
        1,
        textOf(general["rabbitmq_version"]),
        textOf(general["management_version"]),
        textOf(general["erlang_version"]),
      );
      sink.add(identityInfo, 1, name, textOf(general["cluster_name"]));
      // Shows only its own part where it is one of a cluster.
      const columns = node.map(([path]) => path).join(",");
      const path = `/api/nodes/${encodeURIComponent(name)}?columns=${columns}`;
      addNumbers(sink, await service.json(path, tick.signal), node);
      if (!config.per_object) {
        addNumbers(sink, general, queueTotals);
        return;
      }
      try {
        const hidden = await addQueues(sink, service, config.queues_max, tick.signal);
        if (hidden > 0) tick.degraded(`queues: ${hidden} more than queues_max are left out`);
      } catch (thrown) {
        if (tick.signal.aborted) throw thrown;
        tick.degraded(`queues: ${messageOf(thrown)}`);
      }
    },
  };
};

/** Gives the number of queues that found no room. */
async function addQueues(
  sink: SampleSink,
  service: HttpService,
  queuesMax: number,
  signal: AbortSignal,
): Promise<number> {
  const page = `page=1&page_size=${queuesMax}&sort=messages&sort_reverse=true`;
  const answer = objectOf(
    await service.json(`/api/queues?${page}&columns=${queueColumns}`, signal),
  );
  const items = arrayOf(answer["items"]);
  for (const item of items) {
    const one = objectOf(item);
    addNumbers(sink, one, queue, textOf(one["vhost"]), textOf(one["name"]));
  }
  return (numberOf(answer["total_count"]) ?? items.length) - items.length;
}
