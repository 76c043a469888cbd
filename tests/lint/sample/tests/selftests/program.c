// SPDX-License-Identifier: GPL-2.0
TEST_F(sample, works)
{
}

int main(void)
{
	return 0;
}
