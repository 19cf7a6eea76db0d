/**
 * A server on a unix socket that answers as Docker's engine does: GET /containers/json and GET /events, in the forms of the Engine
 * API's reference (ContainerSummary, EventMessage; https://docs.docker.com/reference/api/engine/). There is no engine behind it.
 */
export class DockerEngine {
  readonly containers = new Map<string, { name: string; image: string; labels: object | null }>();
  /** What /containers/json answers instead of the containers. */
  listAnswer: (() => Response | Promise<Response>) | undefined;
  /** What /events answers instead of the events. */
  eventsAnswer: (() => Response | Promise<Response>) | undefined;
  lists = 0;
  readonly #socket: string;
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  #server: { stop(closeActive: boolean): Promise<void> };

  constructor(socket: string) {
    this.#socket = socket;
    this.#server = this.#serve();
  }

  set(id: string, name: string, image = "nginx:1.27", labels: object | null = {}): void {
    this.containers.set(id, { name, image, labels });
  }

  /** Something happened to a container; those who follow are told. */
  tell(action: string, id: string, attributes: Record<string, string> = {}): void {
    const { name = "", image = "" } = this.containers.get(id) ?? {};
    const Actor = { ID: id, Attributes: { image, name, ...attributes } };
    const times = { time: 1_700_000_000, timeNano: 1_700_000_000_000_000_000 };
    this.write(`${JSON.stringify({ Type: "container", Action: action, Actor, ...times })}\n`);
  }

  /** Any bytes to those who follow. */
  write(text: string): void {
    for (const stream of this.#streams) stream.enqueue(new TextEncoder().encode(text));
  }

  get followers(): number {
    return this.#streams.size;
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
    this.#streams.clear();
  }

  #serve() {
    return Bun.serve({
      unix: this.#socket,
      fetch: (request) => {
        const { pathname, searchParams } = new URL(request.url);
        if (pathname === "/containers/json" && searchParams.get("all") === "true")
          return this.#list();
        if (pathname === "/events") return this.eventsAnswer?.() ?? this.#events();
        return Response.json({ message: "page not found" }, { status: 404 });
      },
    });
  }

  #list(): Response | Promise<Response> {
    this.lists++;
    if (this.listAnswer !== undefined) return this.listAnswer();
    const entries = [...this.containers].map(([Id, { name, image, labels }]) => ({
      Id,
      Names: [`/other/${name}`, `/${name}`],
      Image: image,
      ImageID: `sha256:${"0".repeat(64)}`,
      Command: "nginx -g 'daemon off;'",
      Created: 1_700_000_000,
      Ports: [],
      Labels: labels,
      State: "running",
      Status: "Up 5 minutes",
    }));
    return Response.json(entries);
  }

  #events(): Response {
    let own: ReadableStreamDefaultController<Uint8Array> | undefined;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        this.#streams.add(controller);
        // So that the head of the answer goes out before the first event.
        controller.enqueue(new TextEncoder().encode("\n"));
      },
      cancel: () => {
        if (own !== undefined) this.#streams.delete(own);
      },
    });
    return new Response(stream, { headers: { "content-type": "application/json" } });
  }
}
