/** A way to a server that can break at a chosen moment. */

/**
 * `drop-answer`: what is sent next arrives, and its answer is lost with the connection. `drop`: it does not arrive.
 * `stall-answer` and `stall`: the same, but nobody hears of it, and neither end of the other's end.
 */
export type Fault = "drop-answer" | "drop" | "stall-answer" | "stall";

export interface Proxy {
  port: number;
  /** The next packet of a client that contains this text meets the fault; once. */
  breakAt(text: string, fault: Fault): void;
  /** Whether that has happened. */
  hasBroken(): boolean;
  stop(): void;
}

interface Ends {
  server: Bun.Socket<unknown> | null;
  waiting: Uint8Array[];
  answer: "passes" | "breaks" | "stalls";
}

export function startProxy(port: number): Proxy {
  let fault: { text: string; kind: Fault } | null = null;
  let broken = false;
  const listener = Bun.listen<Ends>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(client) {
        client.data = { server: null, waiting: [], answer: "passes" };
        void Bun.connect({
          hostname: "127.0.0.1",
          port,
          socket: {
            open(socket) {
              client.data.server = socket;
              for (const each of client.data.waiting.splice(0)) socket.write(each);
            },
            data(_, data) {
              // The server has answered what came through last, so it has been done.
              if (client.data.answer === "breaks") client.terminate();
              else if (client.data.answer === "passes") client.write(data);
            },
            close() {
              client.end();
            },
          },
        });
      },
      data(client, data) {
        if (fault && Buffer.from(data).includes(fault.text)) {
          const { kind } = fault;
          fault = null;
          broken = true;
          if (kind === "drop") {
            client.data.server?.terminate();
            client.terminate();
            return;
          }
          client.data.answer = kind === "drop-answer" ? "breaks" : "stalls";
          if (kind === "stall") return;
        } else if (client.data.answer === "stalls") return;
        if (client.data.server) client.data.server.write(data);
        else client.data.waiting.push(new Uint8Array(data));
      },
      close(client) {
        if (client.data.answer !== "stalls") client.data.server?.end();
      },
    },
  });
  return {
    port: listener.port,
    breakAt: (text, kind) => (fault = { text, kind }),
    hasBroken: () => broken,
    stop: () => listener.stop(true),
  };
}
