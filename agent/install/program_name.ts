/** What a person types for the agent: the installed binary, or the agent of a clone's command line. */
export function agentProgramName(): string {
  return Bun.main.endsWith("/lapwing.ts") ? "lapwing agent" : "lapwing-agent";
}
