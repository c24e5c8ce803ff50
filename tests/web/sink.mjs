// A store that takes everything; after a request for /break it takes nothing, until
// /mend. Prints its port.
import { createServer } from "node:http";

let broken = false;
createServer((request, answer) => {
    if (request.url === "/break" || request.url === "/mend") {
        broken = request.url === "/break";
        answer.end("ok");
        return;
    }
    if (broken) {
        request.socket.destroy();
        return;
    }
    request.resume();
    request.on("end", () => answer.writeHead(204).end());
}).listen(0, "127.0.0.1", function ready() {
    console.log(this.address().port);
});
