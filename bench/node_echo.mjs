// node_echo.mjs - the echo server of Node.js' manual. usage: node node_echo.mjs PORT
import net from "node:net";

const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  client.on("error", () => client.destroy());
  client.pipe(client);
});
server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
