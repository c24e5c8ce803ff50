// What the chart library gets in place of Intl.DateTimeFormat (firmware/web.sh): it
// asks for the zone while it is loaded, which takes milliseconds, and uses it never.
export class NoZone {
    resolvedOptions() {
        return {};
    }
}
