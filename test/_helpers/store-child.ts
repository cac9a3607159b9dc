/** A process that works in a store and says on standard output how far it is; run by the tests of the store. */
import { openStore } from "../../lib/store/open.ts";
import { takeLock } from "../../lib/store/process-lock.ts";
import { CHUNK, chunkOf } from "./store-folder.ts";

const [action, folder, ...args] = process.argv.slice(2) as [string, string, ...string[]];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** Keeps the process running until it is killed. */
const stay = (): Promise<void> => new Promise(() => void setInterval(() => {}, 1000));

switch (action) {
  /** Holds the lock file `folder`. */
  case "lock": {
    await takeLock(folder);
    say("locked");
    await stay();
    break;
  }
  /** Appends `count` chunks to a blob of unknown end, telling after each how many bytes it has handed over. */
  case "append": {
    const store = await openStore(folder);
    const partial = await store.partial(args[0]!);
    say(`at ${partial!.size}`);
    for (let chunk = partial!.size / CHUNK; chunk < Number(args[1]); chunk += 1) {
      await partial!.append(chunkOf(chunk));
      say(String(partial!.size));
    }
    await stay();
    break;
  }
  /** Brings a whole blob and ends. */
  case "fill": {
    const store = await openStore(folder);
    const partial = await store.partial(args[0]!);
    try {
      for (let chunk = 0; chunk < Number(args[1]); chunk += 1) {
        await partial?.append(chunkOf(chunk));
      }
      await partial?.finish();
      say(partial === undefined ? "found" : "brought");
    } catch (error) {
      await partial?.close();
      say((error as { code?: string }).code ?? String(error));
    }
    await store.close();
    break;
  }
  /** Gives `count` names, each with the prefix, to the manifest `digest`. */
  case "name": {
    const [prefix, digest, count] = args;
    const store = await openStore(folder);
    for (let index = 0; index < Number(count); index += 1) {
      await store.setReference(`${prefix}:${index}`, { mediaType: "application/json", digest: digest!, size: 2 });
    }
    await store.close();
    break;
  }
}
