# shellcheck shell=sh
# Messages are matched in English; programs put into /usr/local are often missing from the path of a session.
LC_ALL=C
PATH="$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin"
export LC_ALL PATH
