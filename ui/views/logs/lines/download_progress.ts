import { messageOf } from "#shared/errors.ts";
import { showToast } from "../../../overlays/toast.ts";
import { formatCount } from "../../../units/format.ts";
import { downloadLines, downloadLinesMax, type DownloadRequest } from "./download.ts";

/**
 * Downloads lines and says how far it is, with the way to end it: also on another page, which a reader may have turned to by then.
 */
export async function downloadWithProgress(
  request: Omit<DownloadRequest, "onProgress" | "signal">,
  onProgress: (lines: number) => void,
): Promise<void> {
  const key = crypto.randomUUID();
  const abort = new AbortController();
  const tell = (lines: number): void => {
    onProgress(lines);
    showToast({
      key,
      stays: true,
      title: "Downloading",
      detail: `${formatCount(lines)} lines so far`,
      action: { label: "Cancel", onSelect: () => abort.abort() },
    });
  };
  tell(0);
  try {
    const done = await downloadLines({ ...request, onProgress: tell, signal: abort.signal });
    const title = `${formatCount(done.lines)} lines downloaded`;
    const rest = `There are more: a file ends at ${formatCount(downloadLinesMax)} lines or 200 MB. Narrow the range for the rest.`;
    showToast({ key, title, state: "good", ...(done.isCut ? { detail: rest } : {}) });
  } catch (thrown) {
    if (abort.signal.aborted) showToast({ key, title: "Download cancelled" });
    else showToast({ key, title: "Not downloaded", detail: messageOf(thrown), state: "bad" });
  }
}
