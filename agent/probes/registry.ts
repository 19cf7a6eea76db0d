import { ApiProbe } from "./api/config.ts";
import { BrowserProbe } from "./browser/config.ts";
import { DnsProbe } from "./dns/config.ts";
import { GrpcProbe } from "./grpc/config.ts";
import { HttpProbe } from "./http/config.ts";
import { IcmpProbe } from "./icmp/config.ts";
import { defineProber } from "./prober.ts";
import { TcpProbe } from "./tcp/config.ts";
import { UnixProbe } from "./unix/config.ts";
import { WebsocketProbe } from "./websocket/config.ts";

/** Every prober, under its value of `prober` in a module; sorted. What does the probing is loaded by the first probe. */
export const probers = {
  api: defineProber({
    config: ApiProbe,
    load: async () => (await import("./api/probe.ts")).probeApi,
  }),
  browser: defineProber({
    config: BrowserProbe,
    load: async () => (await import("./browser/probe.ts")).probeBrowser,
  }),
  dns: defineProber({
    config: DnsProbe,
    load: async () => (await import("./dns/probe.ts")).probeDns,
  }),
  grpc: defineProber({
    config: GrpcProbe,
    load: async () => (await import("./grpc/probe.ts")).probeGrpc,
  }),
  http: defineProber({
    config: HttpProbe,
    load: async () => (await import("./http/probe.ts")).probeHttp,
  }),
  icmp: defineProber({
    config: IcmpProbe,
    load: async () => (await import("./icmp/probe.ts")).probeIcmp,
  }),
  tcp: defineProber({
    config: TcpProbe,
    load: async () => (await import("./tcp/probe.ts")).probeTcp,
  }),
  unix: defineProber({
    config: UnixProbe,
    load: async () => (await import("./unix/probe.ts")).probeUnix,
  }),
  websocket: defineProber({
    config: WebsocketProbe,
    load: async () => (await import("./websocket/probe.ts")).probeWebsocket,
  }),
};
