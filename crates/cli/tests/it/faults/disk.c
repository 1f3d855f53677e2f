/* A disk that can lose power, fill up and break, under a program that does not know of it (LD_PRELOAD).
 *
 * It stands between the program and the files below DISK_FOLDER. Beside them, in DISK_SYNCED, it keeps what a power cut
 * would leave: of each file, by its inode, the bytes that were synced; of each folder the names that were. What the test
 * wants stands in the file DISK_CONTROL, which both map or write, so that it can change while the program runs.
 * DISK_BOOT stands for the boot id of the machine.
 *
 * All calls are made by syscall(2), since the functions of libc are those that are replaced here. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The words of DISK_CONTROL. disk.rs has the same list. */
struct control {
  uint64_t calls;     /* how many calls there were that change something */
  uint64_t cut_at;    /* the call at which the power goes; 0 for none */
  uint64_t matching;  /* how many calls there were on `sites` since the test set it to 0 */
  uint64_t sites;     /* bit by bit, which calls may fail: file * 8 + operation */
  uint64_t fail_from; /* the first of the matching calls that fails, counted from 1; 0 for none */
  uint64_t fail_last; /* the last one */
  uint64_t error;     /* what they fail with */
  uint64_t failed;    /* how many did */
  uint64_t seen;      /* the sites that were met */
  uint64_t growing;   /* 1: a write fails only where it would make its file longer, as on a full disk */
};

enum file { DATABASE, WAL, SHARED, JOURNAL, OTHER, FOLDER };
enum operation { WRITE, TRUNCATE, SYNC, CREATE, RENAME, UNLINK };

#define FILES 4096
static struct { uint8_t known, file; } files[FILES]; /* by descriptor */

#define INODES 1024
static struct { uint64_t inode, from, to; } dirty[INODES]; /* what was written since the last sync */

static struct control *control, unwatched;
static char folder[PATH_MAX], synced[PATH_MAX];
static size_t folder_length;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int is_inside(const char *path) {
  return folder_length && !strncmp(path, folder, folder_length) &&
         (path[folder_length] == '/' || path[folder_length] == 0);
}

static int ends(const char *path, const char *end) {
  size_t all = strlen(path), part = strlen(end);
  return all >= part && !strcmp(path + all - part, end);
}

static enum file file_of(const char *path) {
  if (ends(path, ".db")) return DATABASE;
  if (ends(path, "-wal")) return WAL;
  if (ends(path, "-shm")) return SHARED;
  if (ends(path, "-journal")) return JOURNAL;
  return OTHER;
}

/* Where a path or a descriptor leads, in full. */
static int whole_path(int descriptor, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return 1;
}

static int name_inside(const char *name, char *path) {
  if (name[0] == '/') {
    snprintf(path, PATH_MAX, "%s", name);
  } else {
    char here[PATH_MAX];
    if (syscall(SYS_getcwd, here, sizeof here) < 0) return 0;
    if (snprintf(path, PATH_MAX, "%s/%s", here, name) >= PATH_MAX) return 0;
  }
  return is_inside(path);
}

static void beside(char *path, uint64_t inode, const char *kind) {
  if (snprintf(path, PATH_MAX, "%s/%llu%s", synced, (unsigned long long)inode, kind) >= PATH_MAX) abort();
}

static void power_off(void) {
  syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
  for (;;) pause();
}

/* Copies bytes of a file to its synced twin, and gives that the same length. */
static void keep(int from, uint64_t inode, uint64_t start, uint64_t end) {
  char path[PATH_MAX];
  static char buffer[65536];
  struct stat now;
  beside(path, inode, ".bytes");
  int to = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT, 0600);
  if (to < 0 || fstat(from, &now)) abort();
  if (end > (uint64_t)now.st_size) end = now.st_size;
  while (start < end) {
    size_t want = end - start < sizeof buffer ? end - start : sizeof buffer;
    long got = syscall(SYS_pread64, from, buffer, want, start);
    if (got <= 0 || syscall(SYS_pwrite64, to, buffer, got, start) != got) abort();
    start += got;
  }
  syscall(SYS_ftruncate, to, now.st_size);
  syscall(SYS_close, to);
}

/* It is read by its own descriptor wherever that can be: closing another one would end SQLite's locks on the file. */
static void keep_file(int descriptor, uint64_t start, uint64_t end) {
  struct stat now;
  char link[64];
  if (fstat(descriptor, &now)) return;
  if ((syscall(SYS_fcntl, descriptor, F_GETFL) & O_ACCMODE) != O_WRONLY) {
    keep(descriptor, now.st_ino, start, end);
    return;
  }
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  int reader = syscall(SYS_openat, AT_FDCWD, link, O_RDONLY);
  if (reader < 0) abort();
  keep(reader, now.st_ino, start, end);
  syscall(SYS_close, reader);
}

/* Writes down the names in a folder, all at once. */
static void keep_names(const char *path) {
  char unfinished[PATH_MAX], finished[PATH_MAX];
  struct stat now;
  if (stat(path, &now)) return;
  beside(unfinished, now.st_ino, ".unfinished");
  beside(finished, now.st_ino, ".names");
  DIR *entries = opendir(path);
  int to = syscall(SYS_openat, AT_FDCWD, unfinished, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (!entries || to < 0) abort();
  for (struct dirent *entry; (entry = readdir(entries));) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    char line[PATH_MAX];
    int length = snprintf(line, sizeof line, "%llu %s\n", (unsigned long long)entry->d_ino, entry->d_name);
    if (syscall(SYS_write, to, line, length) != length) abort();
  }
  closedir(entries);
  syscall(SYS_close, to);
  syscall(SYS_renameat2, AT_FDCWD, unfinished, AT_FDCWD, finished, 0);
}

/* What is there at the start has been there for long: all of it is synced. */
static void keep_all(const char *path) {
  DIR *entries = opendir(path);
  if (!entries) return;
  for (struct dirent *entry; (entry = readdir(entries));) {
    char below[PATH_MAX];
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    if (snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= PATH_MAX) abort();
    if (entry->d_type == DT_DIR) {
      keep_all(below);
    } else {
      int reader = syscall(SYS_openat, AT_FDCWD, below, O_RDONLY);
      if (reader < 0) abort();
      keep_file(reader, 0, UINT64_MAX);
      syscall(SYS_close, reader);
    }
  }
  closedir(entries);
  keep_names(path);
}

__attribute__((constructor)) static void begin(void) {
  const char *inside = getenv("DISK_FOLDER"), *beside_it = getenv("DISK_SYNCED"), *told = getenv("DISK_CONTROL");
  control = &unwatched;
  if (!inside || !beside_it || !told) return;
  int words = syscall(SYS_openat, AT_FDCWD, told, O_RDWR);
  void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, words, 0);
  if (words < 0 || mapped == MAP_FAILED) abort();
  syscall(SYS_close, words);
  control = mapped;
  snprintf(folder, sizeof folder, "%s", inside);
  snprintf(synced, sizeof synced, "%s", beside_it);
  folder_length = strlen(folder);
  keep_all(folder);
}

/* Every call that changes something comes through here, under the lock: 0, or the error that it fails with. At the
 * call where the power goes, half of what was to be written is. */
static int step(enum file file, enum operation operation, int grows, int descriptor, const void *bytes, size_t length,
                int64_t offset) {
  uint64_t site = 1ull << (file * 8 + operation);
  control->seen |= site;
  control->calls++;
  if (control->cut_at && control->calls >= control->cut_at) {
    if (bytes && offset >= 0) syscall(SYS_pwrite64, descriptor, bytes, length / 2, offset);
    power_off();
  }
  if (!(control->sites & site) || (control->growing && !grows)) return 0;
  uint64_t at = ++control->matching;
  if (!control->fail_from || at < control->fail_from || at > control->fail_last) return 0;
  control->failed++;
  return control->error;
}

static int fails_with(int error) {
  pthread_mutex_unlock(&lock);
  errno = error;
  return -1;
}

static int is_known(int descriptor) { return descriptor >= 0 && descriptor < FILES && files[descriptor].known; }

static void touch(int descriptor, uint64_t from, uint64_t to) {
  struct stat now;
  if (fstat(descriptor, &now)) return;
  for (int at = 0; at < INODES; at++) {
    if (dirty[at].inode == now.st_ino || !dirty[at].inode) {
      if (!dirty[at].inode) dirty[at].from = UINT64_MAX;
      dirty[at].inode = now.st_ino;
      if (from < dirty[at].from) dirty[at].from = from;
      if (to > dirty[at].to) dirty[at].to = to;
      return;
    }
  }
  abort();
}

static long write_at(int descriptor, const void *bytes, size_t length, int64_t offset, int is_plain) {
  if (!is_known(descriptor)) {
    return is_plain ? syscall(SYS_write, descriptor, bytes, length)
                    : syscall(SYS_pwrite64, descriptor, bytes, length, offset);
  }
  pthread_mutex_lock(&lock);
  struct stat now;
  if (is_plain) offset = syscall(SYS_lseek, descriptor, 0, SEEK_CUR);
  int grows = !fstat(descriptor, &now) && offset + (int64_t)length > now.st_size;
  int error = step(files[descriptor].file, WRITE, grows, descriptor, bytes, length, offset);
  if (error) return fails_with(error);
  touch(descriptor, offset, offset + length);
  long written = is_plain ? syscall(SYS_write, descriptor, bytes, length)
                          : syscall(SYS_pwrite64, descriptor, bytes, length, offset);
  pthread_mutex_unlock(&lock);
  return written;
}

ssize_t write(int descriptor, const void *bytes, size_t length) { return write_at(descriptor, bytes, length, 0, 1); }
ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
  return write_at(descriptor, bytes, length, offset, 0);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off_t offset) {
  return write_at(descriptor, bytes, length, offset, 0);
}

int ftruncate64(int descriptor, off_t length) {
  if (!is_known(descriptor)) return syscall(SYS_ftruncate, descriptor, length);
  pthread_mutex_lock(&lock);
  struct stat now;
  int grows = !fstat(descriptor, &now) && length > now.st_size;
  int error = step(files[descriptor].file, TRUNCATE, grows, descriptor, NULL, 0, -1);
  if (error) return fails_with(error);
  /* What is cut off and written again must be copied again. */
  touch(descriptor, length, length);
  int done = syscall(SYS_ftruncate, descriptor, length);
  pthread_mutex_unlock(&lock);
  return done;
}
int ftruncate(int descriptor, off_t length) { return ftruncate64(descriptor, length); }

int fsync(int descriptor) {
  if (!is_known(descriptor)) return syscall(SYS_fsync, descriptor);
  pthread_mutex_lock(&lock);
  int error = step(files[descriptor].file, SYNC, 0, descriptor, NULL, 0, -1);
  if (error) return fails_with(error);
  struct stat now;
  char path[PATH_MAX];
  if (files[descriptor].file == FOLDER) {
    if (whole_path(descriptor, path)) keep_names(path);
  } else if (!fstat(descriptor, &now)) {
    for (int at = 0; at < INODES; at++) {
      if (dirty[at].inode != now.st_ino || dirty[at].from > dirty[at].to) continue;
      keep_file(descriptor, dirty[at].from, dirty[at].to);
      dirty[at].from = UINT64_MAX, dirty[at].to = 0;
    }
  }
  pthread_mutex_unlock(&lock);
  return 0;
}
int fdatasync(int descriptor) { return fsync(descriptor); }

static int open_at(const char *name, int flags, mode_t mode) {
  char path[PATH_MAX];
  struct stat before;
  const char *boot = getenv("DISK_BOOT");
  if (boot && !strcmp(name, "/proc/sys/kernel/random/boot_id")) name = boot;
  if (!name_inside(name, path)) return syscall(SYS_openat, AT_FDCWD, name, flags, mode);
  pthread_mutex_lock(&lock);
  if ((flags & O_CREAT) && lstat(path, &before)) {
    int error = step(file_of(path), CREATE, 1, -1, NULL, 0, -1);
    if (error) return fails_with(error);
  }
  int opened = syscall(SYS_openat, AT_FDCWD, name, flags, mode);
  if (opened >= FILES) abort();
  if (opened >= 0) {
    struct stat now;
    files[opened].known = 1;
    files[opened].file = !fstat(opened, &now) && S_ISDIR(now.st_mode) ? FOLDER : file_of(path);
    if (flags & O_TRUNC) touch(opened, 0, 0);
  }
  pthread_mutex_unlock(&lock);
  return opened;
}

int open(const char *name, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_at(name, flags, mode);
}
int open64(const char *name, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_at(name, flags, mode);
}

int close(int descriptor) {
  if (descriptor >= 0 && descriptor < FILES) files[descriptor].known = 0;
  return syscall(SYS_close, descriptor);
}

/* A file that has lost its name is held open, so that its inode is given to no other while the test may want it. */
static void hold(const char *path) { syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC); }

int rename(const char *from, const char *to) {
  char path[PATH_MAX];
  if (!name_inside(to, path)) return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  pthread_mutex_lock(&lock);
  int error = step(file_of(path), RENAME, 1, -1, NULL, 0, -1);
  if (error) return fails_with(error);
  hold(path);
  int done = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  pthread_mutex_unlock(&lock);
  return done;
}

int unlink(const char *name) {
  char path[PATH_MAX];
  if (!name_inside(name, path)) return syscall(SYS_unlinkat, AT_FDCWD, name, 0);
  pthread_mutex_lock(&lock);
  int error = step(file_of(path), UNLINK, 0, -1, NULL, 0, -1);
  if (error) return fails_with(error);
  hold(path);
  int done = syscall(SYS_unlinkat, AT_FDCWD, name, 0);
  pthread_mutex_unlock(&lock);
  return done;
}

int mkdir(const char *name, mode_t mode) {
  char path[PATH_MAX];
  if (!name_inside(name, path)) return syscall(SYS_mkdirat, AT_FDCWD, name, mode);
  pthread_mutex_lock(&lock);
  int error = step(FOLDER, CREATE, 1, -1, NULL, 0, -1);
  if (error) return fails_with(error);
  int done = syscall(SYS_mkdirat, AT_FDCWD, name, mode);
  pthread_mutex_unlock(&lock);
  return done;
}
