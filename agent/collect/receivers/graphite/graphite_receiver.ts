import type { DatagramReader } from "../transport/adopted_datagrams.ts";
import { startFloodServer } from "../transport/datagram_server.ts";
import { LineFraming } from "../transport/line_framing.ts";
import { readMappingConfig } from "../samples/metric_mapping/mapping_config.ts";
import { MetricMapper } from "../samples/metric_mapping/metric_mapper.ts";
import type { OpenedReceiver, ReceiverContext } from "../receiver.ts";
import { type StreamServer, readChunks, startStreamServer } from "../transport/stream_server.ts";
import type { GraphiteConfig } from "./config.ts";
import { GraphiteIntake } from "./intake.ts";

/** Carbon's plaintext protocol over TCP and UDP: graphite.readthedocs.io, "Feeding In Your Data". */
export class GraphiteReceiver implements Omit<OpenedReceiver, "routes"> {
  readonly #config: GraphiteConfig;
  readonly #context: ReceiverContext;
  #datagrams: DatagramReader | undefined;
  #streams: StreamServer | undefined;
  #intake: GraphiteIntake | undefined;

  constructor(config: GraphiteConfig, context: ReceiverContext) {
    this.#config = config;
    this.#context = context;
  }

  async start(): Promise<void> {
    const { mapping_config: file, tcp_listen: tcp, udp_listen: udp } = this.#config;
    const { connections_max: connectionsMax, packet_size_max: bytesMax } = this.#config;
    const context = this.#context;
    const { memory, log } = context;
    const mapper = file === undefined ? undefined : new MetricMapper(await readMappingConfig(file));
    const intake = new GraphiteIntake(this.#config, context, mapper);
    this.#intake = intake;
    if (udp !== false) {
      const takePacket = (bytes: Buffer, start: number, end: number): void => {
        if (end - start > bytesMax) intake.queue.refuse("line_too_long", 1);
        else if (intake.queue.isFull) intake.queue.refuse("rate_limit", 1);
        else intake.take(bytes, start, end);
      };
      const server = await startFloodServer(udp, takePacket, (datagrams) =>
        intake.queue.refuse("rate_limit", datagrams),
      );
      this.#datagrams = server;
      log.info("Graphite is taken over UDP", { port: server.port });
    }
    if (tcp !== false) {
      const framing = () =>
        new LineFraming(bytesMax, memory, {
          take: (bytes, start, end) => intake.take(bytes, start, end),
          tooLong: () => intake.queue.refuse("line_too_long", 1),
        });
      this.#streams = await startStreamServer({ listen: tcp, connectionsMax, context }, (socket) =>
        readChunks(socket, framing(), () => intake.queue.room()),
      );
      log.info("Graphite is taken over TCP", { port: this.#streams.port });
    }
  }

  async stop(): Promise<void> {
    this.#datagrams?.stop();
    await this.#streams?.stop();
    await this.#intake?.queue.written();
  }
}
