const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** A terminal and systemd tell the launcher and us, and the launcher tells us too: within this it is one request. */
const ONE_REQUEST_MS = 1_000;

/** The first signal that asks to stop. Another one that comes later than that, an impatient person's, ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      resolve(signal);
      const listenNoMore = () => {
        for (const one of SIGNALS) process.off(one, stop);
      };
      setTimeout(listenNoMore, ONE_REQUEST_MS).unref();
    };
    for (const one of SIGNALS) process.on(one, stop);
  });
}
