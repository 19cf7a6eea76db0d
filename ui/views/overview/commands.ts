import type { RunningConfig } from "../../client/running_config.ts";

/** Something to do next, with what to copy. */
export type Step = {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly commands: readonly { readonly where: string; readonly text: string }[];
};

/** Where people reach this: `origin` is the address of the page, `hostName` what its host calls itself. */
type Place = {
  readonly origin: string;
  readonly hostName: string | undefined;
  readonly config: RunningConfig;
};

/** The three things that bring data beside what is there: hosts, OTLP, Prometheus. */
export function nextSteps(place: Place): Step[] {
  return [hostStep(place), otlpStep(place), prometheusStep(place)];
}

/** Whether only this host reaches the server, so that a command for others needs another address first. */
export function isLocalOnly({ listen }: RunningConfig): boolean {
  return isLoopback(listen);
}

function isLoopback(address: string): boolean {
  return /^(?:127\.|localhost(?::|$)|\[::1\])/.test(address);
}

const natsPort = 4222;

function hostStep({ origin, hostName, config }: Place): Step {
  const title = "Add a host";
  const { hostname: asked, port } = new URL(origin);
  // Other hosts know this one by its name, not as the loopback that the browser asked.
  const hostname = isLoopback(asked) ? (hostName ?? asked) : asked;
  if (config.hasAgent) {
    const nats = `nats://${hostname}:${natsPort}`;
    return {
      id: "host",
      title,
      why: "This process watches its own host alone. With NATS between them, agents of any number of hosts send to one aggregator, which takes the place of this process.",
      commands: [
        { where: "Here, or anywhere: NATS with JetStream", text: "nats-server -js" },
        {
          where: "Here, instead of lapwing up",
          text: `lapwing aggregator --set nats.servers='["${nats}"]' --listen 0.0.0.0:${port === "" ? "7600" : port}`,
        },
        {
          where: "On each host, this one too, with the agent's binary beside the script",
          text: `sudo ./install.sh --nats-url ${nats}`,
        },
      ],
    };
  }
  const nats = config.natsServers[0] ?? `nats://${hostname}:${natsPort}`;
  const install = {
    where: "On the host, with the agent's binary beside the script",
    text: `sudo ./install.sh --nats-url ${nats}`,
  };
  if (!config.hasFleetKeys) {
    const why = "The agent is one file; it appears here seconds after its start.";
    return { id: "host", title, why, commands: [install] };
  }
  return {
    id: "host",
    title,
    why: "A token lets a host have credentials of its own, which see nothing of the others' and can be revoked.",
    commands: [
      {
        where: "On the aggregator's host: prints the token once",
        text: "lapwing fleet token create --ttl 1h --uses 1",
      },
      install,
      {
        where: "On the host, with the token in the file TOKEN",
        text: `sudo -u lapwing lapwing-agent enroll --url ${origin.replace(asked, hostname)} --token-file TOKEN --config /etc/lapwing/lapwing.yaml --data-dir /var/lib/lapwing`,
      },
      { where: "On the host", text: "sudo systemctl restart lapwing-agent" },
    ],
  };
}

/** Pushes go to an agent; `lapwing up` has one. */
function pushOrigin({ origin, config }: Place): string {
  return config.hasAgent ? origin : "http://127.0.0.1:7600";
}

const toAgent = "Every agent takes it at its own address, on each host.";
const toHere = "Taken at this address.";

function otlpStep(place: Place): Step {
  const to = pushOrigin(place);
  return {
    id: "otlp",
    title: "Send OTLP",
    why: `Metrics and logs of the OpenTelemetry SDKs and the Collector. ${place.config.hasAgent ? toHere : toAgent}`,
    commands: [
      {
        where: "Environment of an application with an OpenTelemetry SDK",
        text: [
          `export OTEL_EXPORTER_OTLP_ENDPOINT=${to}`,
          "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
          "export OTEL_TRACES_EXPORTER=none",
        ].join("\n"),
      },
      {
        where: "Or the Collector's configuration",
        text: `exporters:\n  otlphttp/lapwing:\n    endpoint: ${to}\n`,
      },
    ],
  };
}

function prometheusStep(place: Place): Step {
  const to = pushOrigin(place);
  return {
    id: "prometheus",
    title: "Point Prometheus here",
    why: `Prometheus goes on as it is, and writes its samples here as well. ${place.config.hasAgent ? toHere : toAgent}`,
    commands: [
      { where: "prometheus.yml", text: `remote_write:\n  - url: ${to}/api/v1/write\n` },
      { where: "Then", text: "kill -HUP $(pidof prometheus)" },
    ],
  };
}
