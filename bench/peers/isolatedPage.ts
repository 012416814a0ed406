/** Serves a page that may share memory between threads (cross-origin isolation), and a package. */
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

export interface PageServer extends Disposable {
  readonly url: string;
}

/** `html` at the root, the files of `folder` below `/package/`; on this machine only. */
export async function servePage(html: string, folder: string): Promise<PageServer> {
  const server = createServer(({ url = "/" }, response) => {
    const answer = (status: number, type: string) =>
      response.writeHead(status, { ...isolation, "Content-Type": type });
    const [, name] = /^\/package\/([^?]+)/.exec(url) ?? [];
    const file = name === undefined ? undefined : join(folder, normalize(`/${name}`));
    if (url === "/") {
      answer(200, "text/html").end(html);
    } else if (file !== undefined && existsSync(file)) {
      const type = file.endsWith(".wasm") ? "application/wasm" : "text/javascript";
      createReadStream(file).pipe(answer(200, type));
    } else {
      answer(404, "text/plain").end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, [Symbol.dispose]: () => server.close() };
}
