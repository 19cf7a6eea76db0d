/** Saves a dashboard under a uid, as the interface does. `basedOn` is the version that was edited; -1 replaces whatever is there. */
export async function saveDashboard(
  url: string,
  uid: string,
  document: unknown,
  basedOn = -1,
): Promise<void> {
  const answer = await fetch(`${url}lapwing.v1.DashboardService/SaveDashboard`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ uid, document: JSON.stringify(document), basedOn }),
  });
  if (!answer.ok)
    throw new Error(`saving ${uid}: ${answer.status} ${(await answer.text()).slice(0, 500)}`);
}
