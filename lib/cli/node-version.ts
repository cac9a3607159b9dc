/**
 * The first import of every script: ends it with one line where Node is too old. It uses nothing that an old Node lacks
 * and imports nothing, so it runs before anything that could fail there.
 */
const LEAST = [20, 19];
const found = process.versions.node.split(".").map(Number);
if (found[0]! < LEAST[0]! || (found[0] === LEAST[0] && found[1]! < LEAST[1]!)) {
  process.stderr.write(
    `compose-mirror needs Node ${LEAST.join(".")} or newer, this is ${process.versions.node} / 需要 Node ${LEAST.join(".")} 或更新版本，当前为 ${process.versions.node}\n`,
  );
  process.exit(2);
}
