#include "platform/fetch_stream.h"

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#define READ_BYTES 2048
// One busy stream must not hold up the loop.
#define READS_PER_EVENT 16

static int
descriptor_of(const struct transfer *transfer)
{
    return (int)(transfer->link - transfer->shared->links.link);
}

static int
watch(struct transfer *transfer, int epoll, bool room_too)
{
    int descriptor = descriptor_of(transfer);
    struct epoll_event event = {.data.fd = descriptor};
    event.events = room_too ? EPOLLIN | EPOLLOUT : EPOLLIN;
    int operation = transfer->link->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    transfer->link->watched = true;
    transfer->paused = room_too;
    return epoll_ctl(epoll, operation, descriptor, &event) == 0 ? 0 : -ERR_RESET;
}

int
fetch_stream_begin(struct transfer *transfer, int epoll)
{
    struct fetch_links *links = &transfer->shared->links;
    curl_socket_t descriptor = CURL_SOCKET_BAD;
    curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &descriptor);
    if (descriptor < 0 || (uint32_t)descriptor >= links->limit || !links->link[descriptor].open) {
        return -ERR_RESET;
    }
    transfer->ssl = NULL;  // never parked
    transfer->link = &links->link[descriptor];
    transfer->link->stream = transfer->place + 1;
    return watch(transfer, epoll, false);
}

void
fetch_stream_end(struct transfer *transfer, int epoll)
{
    if (transfer->link != NULL && transfer->link->stream == transfer->place + 1) {
        (void)epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor_of(transfer), NULL);
        transfer->link->watched = false;
        transfer->link->stream = 0;
    }
    transfer->link = NULL;
    transfer->paused = false;
}

static int
read_some(struct transfer *transfer)
{
    char bytes[READ_BYTES];
    for (unsigned i = 0; i < READS_PER_EVENT && !transfer->wants_cancel; i++) {
        size_t size = 0;
        CURLcode code = curl_easy_recv(transfer->easy, bytes, sizeof bytes, &size);
        if (code == CURLE_AGAIN) {
            return 0;
        }
        if (code != CURLE_OK || size == 0) {
            return -ERR_RESET;
        }
        int error = transfer->request.on_bytes == NULL
                        ? 0 : transfer->request.on_bytes(transfer->request.context, bytes, size);
        if (error < 0) {
            return error;
        }
    }
    return 0;
}

int
fetch_stream_event(struct transfer *transfer, int epoll, uint32_t events)
{
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        int error = read_some(transfer);
        if (error != 0 || transfer->wants_cancel) {
            return error;
        }
    }
    if ((events & EPOLLOUT) == 0 || !transfer->paused) {
        return 0;
    }
    int error = watch(transfer, epoll, false);
    if (error == 0 && transfer->request.on_room != NULL) {
        transfer->request.on_room(transfer->request.context);
    }
    return error;
}

int64_t
fetch_stream_send(struct transfer *transfer, int epoll, const void *bytes, size_t size)
{
    size_t sent = 0;
    CURLcode code = curl_easy_send(transfer->easy, bytes, size, &sent);
    if (code != CURLE_OK && code != CURLE_AGAIN) {
        return -ERR_RESET;
    }
    if (sent < size) {
        int error = watch(transfer, epoll, true);
        if (error != 0) {
            return error;
        }
    }
    return (int64_t)sent;
}

int64_t
fetch_stream_unconfirmed(const struct transfer *transfer)
{
    int count = 0;
    return ioctl(descriptor_of(transfer), SIOCOUTQ, &count) == 0 ? count : 0;
}
