/* SPDX-License-Identifier: Apache-2.0 */
/* test_task.c - a read that hangs: its deadline holds, the session closes, and nothing is lost or touched afterwards. */
#include "tests/unit/ask_loop.h"

#include <semaphore.h>

#include "transport/task.h"

static sem_t hang, hanging;

static struct val *hanging_read(struct arena *a, const char *what, struct err *err)
{
	(void)err;
	sem_post(&hanging);
	sem_wait(&hang);
	return val_text(a, NULL, what);
}

static struct val *failing_read(struct arena *a, const char *what, struct err *err)
{
	(void)a;
	err_set(err, ERR_IO, "%s is broken", what);
	return NULL;
}

static void offload_hanging(struct session *s, struct ask **asks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		task_offload(s, asks[i], hanging_read, "late", NULL);
}

static void offload_failing(struct session *s, struct ask **asks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		task_offload(s, asks[i], failing_read, "disk", NULL);
}

static void failure_is_told(void **state)
{
	const struct transport t = {.open = task_open,
	                            .ask = offload_failing,
	                            .cancel = task_cancel,
	                            .close = task_close,
	                            .sent = task_sent};
	struct asked q;

	(void)state;
	asked_init(&q, NULL, 0, NULL);
	ask_one(&t, &q);
	assert_int_equal(q.answers, 0);
	assert_int_equal(q.err.kind, ERR_IO);
	assert_string_equal(q.err.text, "disk is broken");
	asked_dispose(&q);
}

/* More of them than the pool has threads: some never begin. */
static void hanging_reads_end_at_their_deadline(void **state)
{
	const struct target target = {.name = "here", .kind = TARGET_LOCAL, .platform = "kvm", .timeout_ms = 100};
	struct asked q[6], *all[6];
	struct session *s;
	struct ask *asks[6];
	bool closed = false;
	uint64_t start;
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	s = task_open(&(struct opening){.loop = &loop, .target = &target});
	for (size_t i = 0; i < 6; i++) {
		asked_init(&q[i], NULL, 0, NULL);
		all[i] = &q[i];
		asks[i] = &q[i].ask;
	}
	start = uv_hrtime();
	offload_hanging(s, asks, 6);
	while (!all_ended(all, 6))
		uv_run(&loop, UV_RUN_ONCE);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(q[i].err.kind, ERR_TIMEOUT);
		assert_string_equal(q[i].err.text, "no answer within 100 ms");
		asked_dispose(&q[i]);
		memset(&q[i], 0xee, sizeof(q[i])); /* an ask is the caller's again */
	}
	task_close(s, set_true, &closed);
	while (!closed)
		uv_run(&loop, UV_RUN_ONCE);
	assert_true(uv_hrtime() - start < 10000000000);
	for (size_t i = 0; i < 6; i++)
		sem_post(&hang);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(sem_trywait(&hanging), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failure_is_told),
		cmocka_unit_test(hanging_reads_end_at_their_deadline),
	};

	sem_init(&hang, 0, 0);
	sem_init(&hanging, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
