import { openSync } from "node:fs";

const restartMs = 200;

/** Starts a program again whenever it ends, as a host's service manager does, until it is stopped. */
export class Supervisor {
  readonly #command: readonly string[];
  readonly #log: number;
  #child: Bun.Subprocess | undefined;
  #isStopped = false;
  readonly #running: Promise<void>;

  /** What it prints goes to the file. */
  constructor(command: readonly string[], logFile: string) {
    this.#command = command;
    this.#log = openSync(logFile, "a");
    this.#running = this.#run();
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.kill();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.#child = Bun.spawn([...this.#command], {
        stdin: "ignore",
        stdout: this.#log,
        stderr: this.#log,
        env: { PATH: process.env.PATH ?? "" },
      });
      await this.#child.exited;
      await Bun.sleep(restartMs);
    }
  }
}
