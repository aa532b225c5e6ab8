/*
 * Runs one ONNX model on a phone and times it.
 *
 *   runner MODEL INPUTS OUTPUTS WARMUP RUNS THREADS EXACT
 *
 * INPUTS and OUTPUTS are files of tensors: "EFT1", u32 count, then for each: u32 length of the name, the name, i32 element
 * type (ONNX's codes), u32 rank, i64 dimensions, u64 length, bytes; all little-endian. OUTPUTS is written to OUTPUTS.part
 * and renamed, so that it is whole or absent. THREADS 0 lets onnxruntime choose; EXACT 1 asks for integer kernels that do
 * not saturate (x86 without VNNI).
 *
 * stdout is one JSON object a line: {"event":"alive"} every second, {"event":"loaded"...}, {"event":"run"...} at most ten
 * times a second, and last {"event":"done"...} or {"event":"error","message":...}. Exit code 0 done, 1 error, 2 bad usage.
 * It never outlives the connection: it ends when stdout is closed (SIGPIPE at the next line, a second later at most).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <onnxruntime_c_api.h>

#define MAX_RANK 64
#define MAX_TENSORS 4096

static const OrtApi *ort;
static pthread_mutex_t output_lock = PTHREAD_MUTEX_INITIALIZER;

static void print_line(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  pthread_mutex_lock(&output_lock);
  vprintf(format, arguments);
  putchar('\n');
  fflush(stdout);
  pthread_mutex_unlock(&output_lock);
  va_end(arguments);
}

static void print_json_string(const char *text) {
  putchar('"');
  for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
    if (*at == '"' || *at == '\\') printf("\\%c", *at);
    else if (*at < 0x20) printf("\\u%04x", *at);
    else putchar(*at);
  }
  putchar('"');
}

static _Noreturn void fail(const char *format, ...) {
  char message[8192];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  /* Never unlocked: nothing may be printed after this line. */
  pthread_mutex_lock(&output_lock);
  printf("{\"event\":\"error\",\"message\":");
  print_json_string(message);
  printf("}\n");
  fflush(stdout);
  _exit(1);
}

static void check(OrtStatus *status) {
  if (status) fail("%s", ort->GetErrorMessage(status));
}

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* A line of /proc/self/status in bytes, for example "VmHWM:"; 0 where there is none. */
static uint64_t memory_bytes(const char *field) {
  FILE *file = fopen("/proc/self/status", "r");
  if (!file) return 0;
  char line[256];
  uint64_t kilobytes = 0;
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, field, strlen(field)) == 0) sscanf(line + strlen(field), "%" SCNu64, &kilobytes);
  }
  fclose(file);
  return kilobytes * 1024;
}

static void *tell_alive(void *unused) {
  (void)unused;
  for (;;) {
    sleep(1);
    print_line("{\"event\":\"alive\"}");
  }
  return NULL;
}

static void *allocate(size_t bytes) {
  void *memory = NULL;
  if (posix_memalign(&memory, 64, bytes ? bytes : 1) != 0) fail("There is not enough memory for %zu bytes.", bytes);
  return memory;
}

static void read_exactly(FILE *file, void *target, size_t bytes) {
  if (fread(target, 1, bytes, file) != bytes) fail("The file of inputs is cut short.");
}

struct tensors {
  uint32_t count;
  char **names;
  OrtValue **values;
};

static struct tensors read_tensors(const char *path, const OrtMemoryInfo *memory) {
  FILE *file = fopen(path, "rb");
  if (!file) fail("The inputs cannot be opened: %s", strerror(errno));
  char magic[4];
  read_exactly(file, magic, 4);
  if (memcmp(magic, "EFT1", 4) != 0) fail("The file of inputs has another format.");
  struct tensors tensors;
  read_exactly(file, &tensors.count, 4);
  if (tensors.count > MAX_TENSORS) fail("The file of inputs names too many tensors.");
  tensors.names = allocate(tensors.count * sizeof *tensors.names);
  tensors.values = allocate(tensors.count * sizeof *tensors.values);
  for (uint32_t at = 0; at < tensors.count; at++) {
    uint32_t name_length, rank;
    int32_t type;
    int64_t dims[MAX_RANK];
    uint64_t length;
    read_exactly(file, &name_length, 4);
    if (name_length > 1 << 20) fail("The file of inputs has a name that is too long.");
    tensors.names[at] = allocate((size_t)name_length + 1);
    read_exactly(file, tensors.names[at], name_length);
    tensors.names[at][name_length] = '\0';
    read_exactly(file, &type, 4);
    read_exactly(file, &rank, 4);
    if (rank > MAX_RANK) fail("Input '%s' has too many dimensions.", tensors.names[at]);
    read_exactly(file, dims, rank * sizeof *dims);
    read_exactly(file, &length, 8);
    void *data = allocate(length);
    read_exactly(file, data, length);
    tensors.values[at] = NULL;
    check(ort->CreateTensorWithDataAsOrtValue(memory, data, length, dims, rank, (ONNXTensorElementDataType)type, &tensors.values[at]));
  }
  fclose(file);
  return tensors;
}

static size_t element_bits(ONNXTensorElementDataType type) {
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT4:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT4:
      return 4;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
      return 8;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16:
      return 16;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32:
      return 32;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64:
      return 64;
    default:
      return 0;
  }
}

/* Only tensors of numbers are brought home: 0 for anything else. */
static size_t fetchable_bits(const OrtValue *value) {
  enum ONNXType kind;
  check(ort->GetValueType(value, &kind));
  if (kind != ONNX_TYPE_TENSOR) return 0;
  OrtTensorTypeAndShapeInfo *info = NULL;
  ONNXTensorElementDataType type;
  check(ort->GetTensorTypeAndShape(value, &info));
  check(ort->GetTensorElementType(info, &type));
  ort->ReleaseTensorTypeAndShapeInfo(info);
  return element_bits(type);
}

static void write_exactly(FILE *file, const void *source, size_t bytes) {
  if (fwrite(source, 1, bytes, file) != bytes) fail("The outputs cannot be written: %s", strerror(errno));
}

static void write_tensor(FILE *file, const char *name, OrtValue *value, size_t bits) {
  OrtTensorTypeAndShapeInfo *info = NULL;
  ONNXTensorElementDataType type;
  size_t rank, elements;
  int64_t dims[MAX_RANK];
  void *data = NULL;
  check(ort->GetTensorTypeAndShape(value, &info));
  check(ort->GetTensorElementType(info, &type));
  check(ort->GetDimensionsCount(info, &rank));
  if (rank > MAX_RANK) fail("Output '%s' has too many dimensions.", name);
  check(ort->GetDimensions(info, dims, rank));
  check(ort->GetTensorShapeElementCount(info, &elements));
  ort->ReleaseTensorTypeAndShapeInfo(info);
  check(ort->GetTensorMutableData(value, &data));
  uint32_t name_length = (uint32_t)strlen(name), rank32 = (uint32_t)rank;
  int32_t type32 = (int32_t)type;
  uint64_t length = ((uint64_t)elements * bits + 7) / 8;
  write_exactly(file, &name_length, 4);
  write_exactly(file, name, name_length);
  write_exactly(file, &type32, 4);
  write_exactly(file, &rank32, 4);
  write_exactly(file, dims, rank * sizeof *dims);
  write_exactly(file, &length, 8);
  if (length > 0) write_exactly(file, data, length);
}

static void write_outputs(const char *path, char **names, OrtValue **values, size_t count) {
  size_t part_length = strlen(path) + 6;
  char *part = allocate(part_length);
  snprintf(part, part_length, "%s.part", path);
  FILE *file = fopen(part, "wb");
  if (!file) fail("The outputs cannot be written: %s", strerror(errno));
  uint32_t fetchable = 0;
  for (size_t at = 0; at < count; at++) fetchable += fetchable_bits(values[at]) > 0;
  write_exactly(file, "EFT1", 4);
  write_exactly(file, &fetchable, 4);
  for (size_t at = 0; at < count; at++) {
    size_t bits = fetchable_bits(values[at]);
    if (bits > 0) write_tensor(file, names[at], values[at], bits);
  }
  if (fclose(file) != 0 || rename(part, path) != 0) fail("The outputs cannot be written: %s", strerror(errno));
}

static long number(const char *text) {
  char *end;
  long value = strtol(text, &end, 10);
  if (*text == '\0' || *end != '\0' || value < 0) {
    fprintf(stderr, "runner: '%s' is not a number\n", text);
    exit(2);
  }
  return value;
}

static void release_outputs(OrtValue **values, size_t count) {
  for (size_t at = 0; at < count; at++) {
    if (values[at]) ort->ReleaseValue(values[at]);
    values[at] = NULL;
  }
}

static const OrtApi *load_onnxruntime(void) {
  /* Its telemetry reads the environment while it loads. */
  setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  void *library = dlopen("libonnxruntime.so.1", RTLD_NOW);
  if (!library) fail("onnxruntime cannot be loaded: %s", dlerror());
  const OrtApiBase *(*get_base)(void) = NULL;
  *(void **)&get_base = dlsym(library, "OrtGetApiBase");
  if (!get_base) fail("onnxruntime has no OrtGetApiBase.");
  const OrtApi *api = get_base()->GetApi(ORT_API_VERSION);
  if (!api) fail("onnxruntime is older than its header here.");
  return api;
}

int main(int argc, char **argv) {
  if (argc != 8) {
    fprintf(stderr, "usage: runner MODEL INPUTS OUTPUTS WARMUP RUNS THREADS EXACT\n");
    return 2;
  }
  const char *model = argv[1], *inputs_path = argv[2], *outputs_path = argv[3];
  long warmup = number(argv[4]), runs = number(argv[5]), threads = number(argv[6]), exact = number(argv[7]);
  signal(SIGPIPE, SIG_DFL);
  pthread_t alive;
  pthread_create(&alive, NULL, tell_alive, NULL);

  ort = load_onnxruntime();
  OrtEnv *env = NULL;
  OrtSessionOptions *options = NULL;
  OrtSession *session = NULL;
  OrtMemoryInfo *memory = NULL;
  OrtAllocator *allocator = NULL;
  check(ort->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "edgefit", &env));
  check(ort->CreateSessionOptions(&options));
  check(ort->SetIntraOpNumThreads(options, (int)threads));
  check(ort->SetInterOpNumThreads(options, 1));
  if (exact) check(ort->AddSessionConfigEntry(options, "session.x64quantprecision", "1"));
  check(ort->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
  check(ort->GetAllocatorWithDefaultOptions(&allocator));

  uint64_t baseline = memory_bytes("VmRSS:");
  double load_start = now_ms();
  check(ort->CreateSession(env, model, options, &session));
  double load_ms = now_ms() - load_start;
  print_line("{\"event\":\"loaded\",\"loadMs\":%.6f}", load_ms);

  struct tensors inputs = read_tensors(inputs_path, memory);
  size_t output_count;
  check(ort->SessionGetOutputCount(session, &output_count));
  char **output_names = allocate(output_count * sizeof *output_names);
  OrtValue **outputs = allocate(output_count * sizeof *outputs);
  for (size_t at = 0; at < output_count; at++) {
    check(ort->SessionGetOutputName(session, at, allocator, &output_names[at]));
    outputs[at] = NULL;
  }

  double *samples = allocate((size_t)runs * sizeof *samples);
  double first_ms = 0, told = 0;
  /* The first inference is one of the warm-up, where there is any, and is timed by itself in any case. */
  long before = warmup > 0 ? warmup : 1;
  for (long run = -before; run < runs; run++) {
    release_outputs(outputs, output_count);
    double start = now_ms();
    check(ort->Run(session, NULL, (const char *const *)inputs.names, (const OrtValue *const *)inputs.values, inputs.count,
                   (const char *const *)output_names, output_count, outputs));
    double end = now_ms();
    if (run == -before) first_ms = end - start;
    if (run >= 0) samples[run] = end - start;
    if (end - told > 100) {
      told = end;
      print_line("{\"event\":\"run\",\"done\":%ld}", run < 0 ? 0 : run + 1);
    }
  }
  write_outputs(outputs_path, output_names, outputs, output_count);

  /* Never unlocked: this is the last line. */
  pthread_mutex_lock(&output_lock);
  printf("{\"event\":\"done\",\"loadMs\":%.6f,\"firstRunMs\":%.6f,\"peakMemoryBytes\":%" PRIu64 ",\"baselineMemoryBytes\":%" PRIu64 ",\"samplesMs\":[",
         load_ms, first_ms, memory_bytes("VmHWM:"), baseline);
  for (long run = 0; run < runs; run++) printf("%s%.6f", run > 0 ? "," : "", samples[run]);
  printf("]}\n");
  fflush(stdout);
  /* Nothing is left to free that the end of the process does not. */
  _exit(0);
}
