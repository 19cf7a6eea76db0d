import { messageOf } from "#shared/errors.ts";
import { sampleTimeMs } from "../../sample_time.ts";
import type { DatagramReader } from "../transport/adopted_datagrams.ts";
import { startFloodServer } from "../transport/datagram_server.ts";
import { LineFraming } from "../transport/line_framing.ts";
import { readMappingConfig } from "../samples/metric_mapping/mapping_config.ts";
import { MetricMapper } from "../samples/metric_mapping/metric_mapper.ts";
import type { OpenedReceiver, ReceiverContext } from "../receiver.ts";
import { type StreamServer, readChunks, startStreamServer } from "../transport/stream_server.ts";
import { startUnixDatagramServer } from "../transport/unix_datagram_server.ts";
import type { StatsdConfig } from "./config.ts";
import { StatsdIntake } from "./intake.ts";
import { PacketFraming } from "./packet_framing.ts";

/** StatsD and DogStatsD over UDP, TCP and Unix sockets, aggregated here. */
export class StatsdReceiver implements Omit<OpenedReceiver, "routes"> {
  readonly #config: StatsdConfig;
  readonly #context: ReceiverContext;
  readonly #stopped = new AbortController();
  #datagrams: DatagramReader | undefined;
  #unixDatagrams: DatagramReader | undefined;
  readonly #streams: StreamServer[] = [];
  #intake: StatsdIntake | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(config: StatsdConfig, context: ReceiverContext) {
    this.#config = config;
    this.#context = context;
  }

  async start(): Promise<void> {
    const { mapping_config: file, packet_size_max: bytesMax } = this.#config;
    const { udp_listen: udp, unix_listen: unix } = this.#config;
    const mapper = file === undefined ? undefined : new MetricMapper(await readMappingConfig(file));
    const intake = new StatsdIntake(this.#config, this.#context, mapper);
    this.#intake = intake;
    const takePacket = (bytes: Buffer, start: number, end: number): void => {
      if (end - start > bytesMax) intake.refuse("line_too_long", 1);
      else intake.take(bytes, start, end);
    };
    const { log } = this.#context;
    if (udp !== false) {
      const server = await startFloodServer(udp, takePacket, (datagrams) =>
        intake.refuse("rate_limit", datagrams),
      );
      this.#datagrams = server;
      log.info("StatsD is taken over UDP", { port: server.port });
    }
    await this.#startStreams(intake);
    if (unix !== undefined) {
      this.#unixDatagrams = await startUnixDatagramServer(unix, takePacket);
      log.info("StatsD is taken from datagrams at a path", { path: unix });
    }
    this.#loop = this.#run(intake);
  }

  async #startStreams(intake: StatsdIntake): Promise<void> {
    const { tcp_listen: tcp, unix_stream_listen: unix } = this.#config;
    const { connections_max: connectionsMax, packet_size_max: bytesMax } = this.#config;
    const context = this.#context;
    const { memory, log } = context;
    const take = (bytes: Buffer, start: number, end: number) => intake.take(bytes, start, end);
    const room = () => intake.room();
    if (tcp !== undefined) {
      const tooLong = () => intake.refuse("line_too_long", 1);
      const server = await startStreamServer({ listen: tcp, connectionsMax, context }, (socket) =>
        readChunks(socket, new LineFraming(bytesMax, memory, { take, tooLong }), room),
      );
      this.#streams.push(server);
      log.info("StatsD is taken over TCP", { port: server.port });
    }
    if (unix !== undefined) {
      const server = await startStreamServer({ listen: unix, connectionsMax, context }, (socket) =>
        readChunks(socket, new PacketFraming(bytesMax, memory, take), room),
      );
      this.#streams.push(server);
      log.info("StatsD is taken from connections at a path", { path: unix });
    }
  }

  /** What is held is written at once, between two multiples of the interval. */
  async stop(): Promise<void> {
    for (const stream of this.#streams) await stream.stop();
    this.#datagrams?.stop();
    this.#unixDatagrams?.stop();
    this.#stopped.abort();
    await this.#loop;
    if (this.#intake === undefined) return;
    await this.#write(this.#intake, this.#context.clock.now());
    await this.#intake.written();
  }

  async #run(intake: StatsdIntake): Promise<void> {
    const { clock } = this.#context;
    const { interval } = this.#config;
    const { signal } = this.#stopped;
    const tickOf = (ms: number) => Math.floor(ms / interval) * interval;
    for (let lastMs = tickOf(clock.now()); ;) {
      // A timer may be early, and a clock may go back.
      const nowMs = clock.now();
      await clock.sleep(Math.max(1, tickOf(nowMs) + interval - nowMs), signal);
      if (signal.aborted) return;
      const tickMs = tickOf(clock.now());
      if (tickMs === lastMs) continue;
      lastMs = tickMs;
      await this.#write(intake, sampleTimeMs(clock.now(), tickMs, interval));
    }
  }

  /** What the spool does not take it has counted; counters and gauges come again with the next write. */
  async #write(intake: StatsdIntake, tickMs: number): Promise<void> {
    try {
      await intake.write(tickMs);
    } catch (thrown) {
      this.#context.log.error("samples were not stored", { error: messageOf(thrown) });
    }
  }
}
